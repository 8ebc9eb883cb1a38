"""The provider `codex`: API keys and logins of the Codex CLI; and what other Codex-style providers build on."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jackfield.api import (
    Credential,
    Endpoint,
    ExecutorRegistrar,
    Host,
    ModelDefaults,
    ModelRegistrar,
    Problem,
    RelayWordRegistrar,
    Settings,
    hookimpl,
)

from .cli_files import CliFiles, CliProvider, codex_home
from .credentials import KEYS, LOGINS, PROVIDER, credentials, login_entries, problems
from .identity import stable_id
from .models import PATTERNS, models_date, named_models, openai_models
from .options import METADATA, Options, with_options
from .options import problems as option_problems
from .relay_words import relay_words
from .resolve import has_pair, resolved
from .schema import load_schema
from .urls import wrong_proxy, wrong_url

if TYPE_CHECKING:
    from .executor import CodexExecutor
    from .refresh import Logins

__all__ = [
    "KEYS",
    "LOGINS",
    "METADATA",
    "PATTERNS",
    "PROVIDER",
    "CliFiles",
    "CliProvider",
    "CodexExecutor",
    "Options",
    "Plugin",
    "codex_home",
    "has_pair",
    "load_schema",
    "models_date",
    "named_models",
    "openai_models",
    "option_problems",
    "stable_id",
    "with_options",
    "wrong_proxy",
    "wrong_url",
]


def __getattr__(name: str) -> Any:
    """Import the executor when it is first asked for: most commands call nobody."""
    if name == "CodexExecutor":
        from .executor import CodexExecutor

        return CodexExecutor
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


class Plugin:
    """The hooks of one app, with its logins."""

    def __init__(self) -> None:
        self._logins: Logins | None = None

    def logins(self, host: Host) -> Logins:
        """Return the logins of the app, whichever executor asks."""
        if self._logins is None:
            from .refresh import Logins  # here: a server without logins need not wait for it

            self._logins = Logins(host)
        return self._logins

    @hookimpl
    def config_schema(self) -> dict[str, Any]:
        """Return the schema of `codex-api-key` and `codex-login`."""
        return load_schema(__package__)

    @hookimpl
    def check_config(self, config: Settings) -> Iterable[Problem]:
        """Return what is wrong with URLs and login files."""
        return problems(config)

    @hookimpl
    def register_executors(self, registrar: ExecutorRegistrar) -> None:
        """Bring the executor of the provider `codex`."""
        from .executor import CodexExecutor  # here: nobody need wait for it who calls nobody

        registrar.add(PROVIDER, lambda host: CodexExecutor(host))

    @hookimpl
    def register_models(self, registrar: ModelRegistrar, config: Settings) -> None:
        """Offer the OpenAI set, and the models that keys name."""
        extra = [name for entry in config.section(KEYS) for name in entry["models"]]
        registrar.add(
            PROVIDER, [*openai_models(), *named_models(extra)], patterns=PATTERNS, defaults=ModelDefaults("gpt-5")
        )

    @hookimpl
    def register_relay_words(self, registrar: RelayWordRegistrar) -> None:
        """Say what relays that serve Codex alone call a client that is another."""
        registrar.add(relay_words())

    @hookimpl
    def synthesize_auth(self, config: Settings) -> Iterable[Credential]:
        """Make one credential of each key and each login file."""
        return credentials(config)

    @hookimpl
    def watched_files(self, config: Settings) -> Iterable[Path]:
        """Name the login files: the Codex CLI renews them too, and a person may log in again."""
        return [entry.path for entry in login_entries(config)]

    @hookimpl
    def resolve_creds(self, credential: Credential) -> Endpoint | None:
        """Return the pair that a login holds, or that of a key with the headers and parameters of its entry."""
        return resolved(credential)

    @hookimpl
    async def shutdown(self) -> None:
        """Wait for a login that is being renewed: its old refresh token is spent already."""
        if self._logins is not None:
            await self._logins.settle()
