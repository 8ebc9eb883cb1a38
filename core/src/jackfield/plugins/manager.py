"""Finding plugins and calling their hooks: the one place that knows pluggy.

Each hook has one typed method here. Implementations are called one by one, each in its own guard, because one that
raises must not take the others down; pluggy finds, checks and orders them.
"""

from __future__ import annotations

import inspect
import logging
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

import pluggy

from ..config.schema.schema import core_schema, faults
from ..model.errors import PluginError, Problem, RequestFailed
from ..model.plugin_info import PluginInfo
from ..model.types import CompletionRecord, Credential, Endpoint, RequestInfo
from ..routing.executor import Executor
from ..routing.registry import ModelSet
from . import hookspecs
from .host import ExecutorFactory, Host
from .registrars import Claims, ExecutorRegistrar, ModelRegistrar, RelayWordRegistrar, RouteRegistrar

if TYPE_CHECKING:
    import click
    from quart import Blueprint

    from ..config.settings import Settings
    from ..responses.verdicts.relay_words import RelayWord

logger = logging.getLogger("jackfield.plugins")

GROUP = "jackfield"
HOOK_API_VERSION = (1, 1)
"""What this core offers. A plugin states what it needs as `requires_hook_api`; a newer one is refused."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Implementation:
    """One plugin's implementation of one hook."""

    plugin: str
    function: Callable[..., Any]
    arguments: tuple[str, ...] = field(default=())

    def __call__(self, **values: object) -> Any:
        return self.function(*[values[name] for name in self.arguments])


class Plugins:
    """The plugins of one app, and the typed way to call them."""

    def __init__(self) -> None:
        self._manager = pluggy.PluginManager(hookspecs.PROJECT)
        self._manager.add_hookspecs(hookspecs)
        self._infos: dict[str, PluginInfo] = {}
        self._cache: dict[str, tuple[_Implementation, ...]] = {}
        self._makers = Claims("provider")

    @classmethod
    def discover(
        cls, *, disabled: Iterable[str] = (), allow: Iterable[str] = (), extra: Mapping[str, object] | None = None
    ) -> Plugins:
        """Load every installed plugin, sorted by name; `extra` are plugin objects that no entry point announces.

        `disabled` plugins, and those not in a non-empty `allow`, are listed but not imported. Never raises: what
        cannot be loaded is listed as broken.
        """
        plugins = cls()
        found: dict[str, list[EntryPoint]] = {}
        for entry in entry_points(group=GROUP):
            found.setdefault(entry.name, []).append(entry)
        disabled, allow = set(disabled), set(allow)
        names = sorted({*found, *(extra or {})}, reverse=True)  # pluggy calls the last registered first
        for name in names:
            if name in disabled or (allow and name not in allow):
                plugins._infos[name] = replace(_describe(name, found.get(name, [])), load="disabled")
            elif extra and name in extra:
                plugins._register(PluginInfo(name), partial(extra.__getitem__, name))
            else:
                plugins._load(name, found[name])
        return plugins

    def _load(self, name: str, entries: Sequence[EntryPoint]) -> None:
        info = _describe(name, entries)
        if len(entries) > 1:
            claimants = " and ".join(sorted(_distribution(entry) for entry in entries))
            self._refuse(info, f"two distributions announce a plugin named {name!r}: {claimants}; uninstall one")
            return
        self._register(info, entries[0].load)

    def _register(self, info: PluginInfo, load: Callable[[], object]) -> None:
        """Import and register one plugin; whatever it raises marks it broken."""
        started = time.perf_counter()
        try:
            plugin = _made(load())
            _check_api(plugin)
            self._manager.register(plugin, name=info.name)
            self._check_hooks(plugin)
        except (Exception, SystemExit) as error:  # foreign code: importing it can raise anything; the others must load
            if self._manager.has_plugin(info.name):
                self._manager.unregister(name=info.name)
            self._refuse(info, f"{type(error).__name__}: {error}")
            return
        hooks = tuple(sorted(caller.name for caller in self._manager.get_hookcallers(plugin) or ()))
        self._infos[info.name] = replace(info, hooks=hooks, load_seconds=time.perf_counter() - started)

    def _check_hooks(self, plugin: object) -> None:
        """Refuse hooks that do not exist, which pluggy alone would pass over, and wrappers, which we do not call."""
        self._manager.check_pending()
        for caller in self._manager.get_hookcallers(plugin) or ():
            for found in caller.get_hookimpls():
                if found.plugin is plugin and (found.wrapper or found.hookwrapper):
                    raise PluginError(f"hook {caller.name} is a wrapper, which jackfield does not call")

    def _refuse(self, info: PluginInfo, error: str) -> None:
        logger.error("plugin %s (%s %s) is broken: %s", info.name, info.distribution or "-", info.version, error)
        self._infos[info.name] = info.refused(error)

    def _break(self, name: str, hook: str, error: BaseException) -> None:
        """Mark a plugin broken because one of its hooks raised, until that succeeds; its traceback goes to the log."""
        logger.error("plugin %s failed in hook %s", name, hook, exc_info=error)
        self._infos[name] = self._infos[name].failed(hook, error)

    def _mend(self, name: str, hook: str) -> None:
        """Forget a failure of a hook, which has just succeeded."""
        known = self._infos[name]
        if known.failures:
            self._infos[name] = known.succeeded(hook)

    @property
    def infos(self) -> tuple[PluginInfo, ...]:
        """Every plugin found, sorted by name."""
        return tuple(self._infos[name] for name in sorted(self._infos))

    def plugin(self, name: str) -> object | None:
        """Return the object that a plugin registered; None where none of that name is loaded."""
        return cast("object | None", self._manager.get_plugin(name))

    @property
    def broken(self) -> tuple[PluginInfo, ...]:
        """Those that cannot be used."""
        return tuple(info for info in self.infos if info.state == "broken")

    def _implementations(self, hook: str) -> tuple[_Implementation, ...]:
        """Return the implementations of a hook in the order they are called."""
        if hook not in self._cache:
            caller: pluggy.HookCaller = getattr(self._manager.hook, hook)
            self._cache[hook] = tuple(
                _Implementation(found.plugin_name, found.function, tuple(found.argnames))
                for found in reversed(caller.get_hookimpls())
            )
        return self._cache[hook]

    def _each(
        self, hook: str, values: Callable[[str], dict[str, object]], kind: type | None = None
    ) -> Iterator[tuple[str, Any]]:
        """Call every implementation in its guard; yield each plugin's name and answer.

        An answer that should be several of one `kind` is made a list in the same guard, None left as it is.
        """
        for implementation in self._implementations(hook):
            try:
                answer = implementation(**values(implementation.plugin))
                answer = answer if kind is None or answer is None else _all_of(kind, answer)
            except Exception as error:  # foreign code: one plugin's failure is its own
                self._break(implementation.plugin, hook, error)
                continue
            self._mend(implementation.plugin, hook)
            yield implementation.plugin, answer

    def config_schemas(self) -> dict[str, dict[str, Any]]:
        """Return the schema of each plugin that has one, by plugin name.

        A plugin whose schema cannot be used, or claims a key that is taken, is refused: none of its hooks is called.
        """
        schemas = {name: schema for name, schema in self._each("config_schema", lambda _: {}) if schema}
        for name, fault in faults(core_schema(), schemas).items():
            del schemas[name]
            self._manager.unregister(name=name)
            self._cache.clear()
            self._refuse(self._infos[name], fault)
        return schemas

    def check_config(self, config: Settings) -> list[Problem]:
        """Return every problem that plugins see in a configuration."""
        if not self._implementations("check_config"):
            return []
        brings = self._providers(config)
        found = self._each("check_config", lambda name: {"config": config, "others": _others(brings, name)}, Problem)
        return [problem for _, problems in found for problem in problems or ()]

    def _providers(self, config: Settings) -> dict[str, set[str]]:
        """Return the providers that each plugin would bring with a configuration, which need not hold."""
        brings: dict[str, set[str]] = {}
        for implementation in self._implementations("register_executors"):
            name, factories = implementation.plugin, dict[str, ExecutorFactory]()
            try:
                implementation(registrar=ExecutorRegistrar(name, Claims("provider"), factories), config=config)
            except Exception as error:  # foreign code, given what may be half a configuration: told when it is whole
                logger.debug("plugin %s cannot say which providers it brings: %r", name, error)
            brings[name] = set(factories)
        return brings

    def watched_files(self, config: Settings) -> list[Path]:
        """Return the files that credentials come from, each once."""
        found = self._each("watched_files", lambda _: {"config": config}, Path)
        return list(dict.fromkeys(path for _, paths in found for path in paths or ()))

    def executors(self, config: Settings) -> dict[str, ExecutorFactory]:
        """Return the executor factory of each provider. What a factory raises is its plugin's failure, too."""
        claims, factories = Claims("provider"), dict[str, ExecutorFactory]()
        calls = self._each(
            "register_executors",
            lambda name: {"registrar": ExecutorRegistrar(name, claims, factories), "config": config},
        )
        _exhaust(calls)
        self._makers = claims
        return factories

    def make_executors(self, factories: Mapping[str, ExecutorFactory], host: Host) -> dict[str, Executor]:
        """Return the executors that these factories make, by provider, without those of plugins that fail at it."""
        made: dict[str, Executor] = {}
        for provider, factory in factories.items():
            try:
                made[provider] = factory(host)
            except Exception as error:  # foreign code: the other providers still serve
                self._break(self._makers.owner(provider), f"register_executors, making the one of {provider}", error)
        return made

    def models(self, config: Settings) -> dict[str, ModelSet]:
        """Return the models of each provider."""
        sets: dict[str, ModelSet] = {}
        _exhaust(self._each("register_models", lambda _: {"registrar": ModelRegistrar(sets), "config": config}))
        return sets

    def relay_words(self, config: Settings) -> list[RelayWord]:
        """Return what plugins say that relays call things, plugins in order of name."""
        words: list[RelayWord] = []
        registrar = RelayWordRegistrar(words)
        _exhaust(self._each("register_relay_words", lambda _: {"registrar": registrar, "config": config}))
        return words

    def credentials(self, config: Settings) -> list[Credential]:
        """Return the credentials that the configuration implies, plugins in order of name."""
        found = self._each("synthesize_auth", lambda _: {"config": config}, Credential)
        made = [credential for _, credentials in found for credential in credentials or ()]
        for _, reviewed in self._each(
            "review_credentials", lambda _: {"credentials": tuple(made), "config": config}, Credential
        ):
            if reviewed is not None:
                made[:] = reviewed
        return made

    async def resolve_creds(self, credential: Credential, request: RequestInfo) -> Endpoint | None:
        """Return the first plugin's key and URL for a credential. Raises UpstreamError when it cannot be used."""
        return await self._first("resolve_creds", Endpoint, credential=credential, request=request)

    async def choose_credential(self, candidates: Sequence[Credential], request: RequestInfo) -> Credential | None:
        """Return the first plugin's choice among the candidates; None leaves it to the strategy."""
        if not self._implementations("choose_credential"):
            return None
        choice = await self._first("choose_credential", Credential, candidates=candidates, request=request)
        chosen = next((candidate for candidate in candidates if candidate == choice), None)
        if choice is not None and chosen is None:
            logger.warning("choose_credential answered %s, which is not a candidate; ignored", choice.id)
        return chosen

    async def _first(self, hook: str, kind: type[T], **values: object) -> T | None:
        """Return the first answer that is not None, awaited where it can be; one that is no `kind` does not count."""
        for implementation in self._implementations(hook):
            try:
                answer = implementation(**values)
                if answer is None:
                    continue
                if not isinstance(answer, kind) and inspect.isawaitable(answer):
                    answer = await answer
                if answer is not None:
                    return _one_of(kind, answer)
            except RequestFailed:
                raise
            except Exception:  # foreign code: a request must not fail for one plugin's fault
                logger.exception("plugin %s failed in hook %s; passed over", implementation.plugin, hook)
        return None

    @property
    def observers(self) -> bool:
        """True when some plugin wants completion records."""
        return bool(self._implementations("on_request_complete"))

    def on_request_complete(self, record: CompletionRecord, host: Host | None = None) -> None:
        """Show a record to every observer; what one raises is logged and changes nothing."""
        for implementation in self._implementations("on_request_complete"):
            try:
                implementation(record=record, host=host)
            except Exception:  # foreign code: an observer cannot alter anything, not even by failing
                logger.exception("plugin %s failed in hook on_request_complete", implementation.plugin)

    def blueprints(self, host: Host) -> list[Blueprint]:
        """Return the Quart blueprints of all plugins."""
        claims = Claims("blueprint")
        blueprints: list[Blueprint] = []
        calls = self._each(
            "register_routes", lambda name: {"registrar": RouteRegistrar(name, claims, blueprints), "host": host}
        )
        _exhaust(calls)
        return blueprints

    def register_commands(self, group: click.Group) -> None:
        """Let plugins add commands to the command line."""
        _exhaust(self._each("register_commands", lambda _: {"group": group}))

    def serve_flags(self, config: Settings) -> dict[str, str]:
        """Return the flags that plugins add to `jackfield serve`, each with what is logged for it."""
        found = self._each("serve_flags", lambda _: {"config": config})
        return {flag: line for _, flags in found for flag, line in (flags or {}).items()}

    def on_config_change(self, old: Settings, new: Settings) -> None:
        """Tell plugins of an applied reload."""
        _exhaust(self._each("on_config_change", lambda _: {"old": old, "new": new}))

    async def startup(self, host: Host) -> None:
        """Start what plugins run, in order of name."""
        for implementation in self._implementations("startup"):
            await self._guarded("startup", implementation, host)

    async def shutdown(self, host: Host) -> None:
        """Stop what plugins run, in reverse order."""
        for implementation in reversed(self._implementations("shutdown")):
            await self._guarded("shutdown", implementation, host)

    async def _guarded(self, hook: str, implementation: _Implementation, host: Host) -> None:
        try:
            answer = cast("Awaitable[None] | None", implementation(host=host))
            if inspect.isawaitable(answer):
                await answer
        except Exception as error:  # foreign code: the others must still start and stop
            self._break(implementation.plugin, hook, error)
        else:
            self._mend(implementation.plugin, hook)


def _made(announced: object) -> object:
    """Return what has the hooks. A class is instantiated: each app has an object of its own, which may keep state.

    A module may hold a class named `Plugin`, which is announced in its place.
    """
    if inspect.ismodule(announced):
        announced = getattr(announced, "Plugin", announced)
    return announced() if inspect.isclass(announced) else announced


def _others(brings: Mapping[str, Iterable[str]], name: str) -> dict[str, str]:
    """Return the providers of all plugins but one, each with its plugin."""
    return {provider: plugin for plugin, providers in brings.items() if plugin != name for provider in providers}


def _all_of(kind: type[T], answer: Iterable[object]) -> list[T]:
    return [_one_of(kind, each) for each in answer]


def _one_of(kind: type[T], answer: object) -> T:
    """Return what a plugin answered. Raises TypeError where it is something else than the hook asks for."""
    if not isinstance(answer, kind):
        raise TypeError(f"the answer is a {type(answer).__name__}, where a {kind.__name__} is due")
    return answer


def _exhaust(calls: Iterator[object]) -> None:
    for _ in calls:
        pass


def _distribution(entry: EntryPoint) -> str:
    return entry.dist.name if entry.dist else "unknown"


def _describe(name: str, entries: Sequence[EntryPoint]) -> PluginInfo:
    if not entries or entries[0].dist is None:
        return PluginInfo(name)
    return PluginInfo(name, entries[0].dist.name, entries[0].dist.version)


def _check_api(plugin: object) -> None:
    """Refuse a plugin made for another major of the hooks, or for a newer minor."""
    needs = getattr(plugin, "requires_hook_api", HOOK_API_VERSION)
    major, minor = needs
    if major != HOOK_API_VERSION[0] or minor > HOOK_API_VERSION[1]:
        offers = ".".join(map(str, HOOK_API_VERSION))
        raise PluginError(f"needs hook API {major}.{minor}, but this core offers {offers}; install a fitting version")
