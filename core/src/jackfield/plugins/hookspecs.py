"""Every hook a plugin may implement. This file is the contract; `docs/hooks.md` is generated from it.

Hooks wire things together at start-up and reload, a handful per request, never per chunk. A plugin implements what it
needs and leaves the rest out; an implementation may leave out arguments it does not use. Unless a hook says
otherwise, a plugin that raises is logged with its name, marked broken in `jackfield plugins` and `/readyz`, and the
others go on.
"""

from __future__ import annotations

from collections.abc import Awaitable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pluggy

from ..model.errors import Problem
from ..model.types import CompletionRecord, Credential, Endpoint, RequestInfo

if TYPE_CHECKING:
    import click

    from ..config.settings import Settings
    from .host import Host
    from .registrars import ExecutorRegistrar, ModelRegistrar, RelayWordRegistrar, RouteRegistrar

PROJECT = "jackfield"

hookspec = pluggy.HookspecMarker(PROJECT)
# A specification is never called, only what plugins implement; its body keeps type checkers and readers from guessing.


@hookspec
def config_schema() -> dict[str, Any]:
    """Return a JSON Schema (2020-12, `type: object`) whose `properties` are the plugin's own top-level keys.

    Called once, before the configuration is read. Mark a key that holds a secret with `"x-secret": true`: it may then
    be written as `env:NAME` or `file:/path`, reaches the plugin as a `Secret`, and is masked wherever it is shown.
    `default` values are filled in. Two plugins that claim one key are both refused.
    """
    raise NotImplementedError


@hookspec
def check_config(config: Settings, others: Mapping[str, str]) -> Iterable[Problem]:
    """Return what a schema cannot say: names that clash, keys needed only while another is set.

    Called after the schema check at start-up, reload, `jackfield config check` and before a management write is
    stored. Any problem that is not a warning refuses the configuration. `others` has the providers that other plugins
    bring with this configuration, each with its plugin's name, for a plugin whose providers are named by the operator.
    What the schema refused is left out of `config`.
    """
    raise NotImplementedError


@hookspec
def register_executors(registrar: ExecutorRegistrar, config: Settings) -> None:
    """Name the executor of each provider: `registrar.add("acme", factory)`, with `factory(host) -> Executor`.

    Called at start-up and at each reload. A provider that two plugins claim is refused for the second, naming both.
    """
    raise NotImplementedError


@hookspec
def register_models(registrar: ModelRegistrar, config: Settings) -> None:
    """Name the models of each provider: `registrar.add("acme", models, patterns=[...], defaults=...)`.

    Called at start-up and at each reload, always into an empty registry; adding the same twice changes nothing.
    """
    raise NotImplementedError


@hookspec
def register_relay_words(registrar: RelayWordRegistrar, config: Settings) -> None:
    """Say what relays call things: `registrar.add([{"code": "POOL_BUSY", "verdict": "load", "full": True}])`.

    Called at start-up and at each reload, since hook API 1.1. Rows have the shape of the configuration's `relay-words`:
    a `code` or a `phrase`, and what it says something about. They count for every provider, before the built-in table
    and after the operator's own; plugins come in order of name.
    """
    raise NotImplementedError


@hookspec
def synthesize_auth(config: Settings) -> Iterable[Credential]:
    """Return the credentials that the configuration implies.

    Called at start-up and at each reload. Ids are stable: they keep cooling and statistics together.
    """
    raise NotImplementedError


@hookspec
def review_credentials(credentials: Sequence[Credential], config: Settings) -> Iterable[Credential] | None:
    """Return all credentials as they shall be used, some of them disabled or marked; None: leave them as they are.

    Called after `synthesize_auth`, plugins in order of name; each sees what the one before it returned. This is how
    one provider can take another's credentials out of rotation: at the next reload they are made anew, so nothing
    need be undone.
    """
    raise NotImplementedError


@hookspec
def watched_files(config: Settings) -> Iterable[Path]:
    """Return files whose content the plugin's credentials come from, such as login files; they need not exist.

    Called at start-up and after each reload. When one of them changes, executors, models and credentials are asked for
    again, within two seconds.
    """
    raise NotImplementedError


@hookspec(firstresult=False)
def resolve_creds(credential: Credential, request: RequestInfo) -> Endpoint | Awaitable[Endpoint | None] | None:
    """Return the key and the URL, as a pair from one place, that this credential calls with; None: not mine.

    Called per attempt, plugins in order of name; the first answer that is not None wins, and an awaitable is awaited.
    Raise an `UpstreamError` of kind `UPSTREAM_AUTH` when the credential cannot be used: the next one is tried. With no
    answer at all, the credential's own attributes `api_key` and `base_url` are used, together or not at all. For a
    health check, `request.dialect` is `health-check` and all else in it is empty.
    """
    raise NotImplementedError


@hookspec(firstresult=False)
def choose_credential(
    candidates: Sequence[Credential], request: RequestInfo
) -> Credential | Awaitable[Credential | None] | None:
    """Return the candidate to try first; None leaves it to the configured strategy.

    Called once per request, plugins in order of name, with the candidates in the strategy's order; the first answer
    wins. An answer that is not among the candidates is ignored with a warning. Credentials whose provider lists the
    model come alone; those whose patterns fit its name are candidates when none of them may be asked.
    """
    raise NotImplementedError


@hookspec
def on_request_complete(record: CompletionRecord, host: Host) -> None:
    """See what became of an attempt (`record.scope == "attempt"`) and of the whole request (`"request"`).

    Called from a queue, after the client has its answer, once per attempt and once per request, also when the client
    left; an attempt's record comes before its request's, and the last ones before `shutdown`. It can alter nothing; if
    the queue (10,000 records) is full, records are dropped and counted. `host` is the house that served.
    """
    raise NotImplementedError


@hookspec
def register_routes(registrar: RouteRegistrar, host: Host) -> None:
    """Add Quart blueprints: `registrar.add(blueprint)`. Called once, at start-up, with the house that routes serve."""
    raise NotImplementedError


@hookspec
def register_commands(group: click.Group) -> None:
    """Add commands to the `jackfield` command line: `group.add_command(command)`.

    Called when a command is asked for that the core does not have, and for the help. A group of the core's that takes
    further commands is there already: `group.commands["config"].add_command(migrate)` makes `jackfield config migrate`.
    """
    raise NotImplementedError


@hookspec
def serve_flags(config: Settings) -> Mapping[str, str]:
    """Return flags that `jackfield serve` takes, without the dashes, each with the line that is told for it.

    Called when the server starts with a flag that is not the core's own. The configuration has been checked by then,
    and one with problems has ended the start; a flag changes nothing, it lets an operator see at once what a part of
    the configuration brought.
    """
    raise NotImplementedError


@hookspec
def on_config_change(old: Settings, new: Settings) -> None:
    """See an applied reload. The new executors, models and credentials are already in use."""
    raise NotImplementedError


@hookspec
def startup(host: Host) -> Awaitable[None] | None:
    """Start what the plugin runs; called once the event loop runs and before the first request. May be async."""
    raise NotImplementedError


@hookspec
def shutdown(host: Host) -> Awaitable[None] | None:
    """Stop what `startup` started; called after the last request, in reverse order. May be async."""
    raise NotImplementedError
