"""The configuration as the program reads it: frozen, complete, with secrets that do not show themselves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

from ..model.secret import Secret

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class RemoteManagement:
    """Who may use the management API."""

    allow_remote: bool
    secret_key: Secret
    allowed_origins: tuple[str, ...]
    allowed_references: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ModelAlias:
    """A model asked for by a name that fits the pattern `match` is served by `model`; `effort` "" leaves it open."""

    match: str
    model: str
    effort: str


@dataclass(frozen=True, slots=True)
class Routing:
    """How a credential is chosen; `wait`: seconds that a request waits for one while nobody can serve it."""

    strategy: str
    session_affinity: bool
    wait: float


@dataclass(frozen=True, slots=True)
class RecentAnswers:
    """How many bytes of recent answers are remembered, and for how many seconds; 0 of either: none."""

    max_bytes: int
    max_age: float


@dataclass(frozen=True, slots=True)
class Limits:
    """Sizes in bytes, time-outs in seconds; `max_streams` 0 is no limit. The schema describes each."""

    max_body_bytes: int
    max_header_bytes: int
    max_event_bytes: int
    max_streams: int
    header_timeout: float
    body_timeout: float
    write_timeout: float
    idle_timeout: float
    connect_timeout: float
    first_byte_timeout: float
    answer_timeout: float
    stream_idle_timeout: float
    handshake_hold: float
    shutdown_grace: float


@dataclass(frozen=True, slots=True)
class PluginSettings:
    """Which installed plugins are used, by name; an empty `allow` allows all."""

    disabled: tuple[str, ...]
    allow: tuple[str, ...]
    strict: bool


@dataclass(frozen=True, slots=True)
class Settings:
    """The whole configuration.

    `path` is the file it came from, None without one; `missing` names sections of the file that no plugin knows;
    `secret_files` are those that `file:` secrets were read from; `data` has every key, the plugins' too, deeply
    immutable. `proxy_url` may carry a password: it is not to be shown.
    """

    host: str
    port: int
    api_keys: tuple[Secret, ...]
    allowed_origins: tuple[str, ...]
    trusted_proxies: tuple[str, ...]
    remote_management: RemoteManagement
    debug: bool
    log_format: str
    request_log: bool
    request_retry: int
    disable_cooling: bool
    proxy_url: str = field(repr=False)
    model_aliases: tuple[ModelAlias, ...]
    relay_words: tuple[Mapping[str, Any], ...]
    routing: Routing
    response_memory: RecentAnswers
    limits: Limits
    plugins: PluginSettings
    data: Mapping[str, Any] = field(repr=False)
    path: Path | None = None
    missing: tuple[str, ...] = ()
    secret_files: tuple[Path, ...] = ()

    def section(self, key: str) -> Any:
        """Return the value of a top-level key, immutable and complete; None when absent and without a default."""
        return self.data.get(key)


def build(
    data: Mapping[str, Any], path: Path | None, missing: tuple[str, ...], secret_files: tuple[Path, ...] = ()
) -> Settings:
    """Return the settings out of complete, valid data whose secrets are resolved."""
    frozen = freeze(data)
    return Settings(
        host=frozen["host"],
        port=int(frozen["port"]),
        api_keys=frozen["api-keys"],
        allowed_origins=frozen["allowed-origins"],
        trusted_proxies=frozen["trusted-proxies"],
        remote_management=_record(RemoteManagement, frozen["remote-management"]),
        debug=frozen["debug"],
        log_format=frozen["log-format"],
        request_log=frozen["request-log"],
        request_retry=int(frozen["request-retry"]),
        disable_cooling=frozen["disable-cooling"],
        proxy_url=frozen["proxy-url"].reveal(),
        model_aliases=tuple(_record(ModelAlias, alias) for alias in frozen["model-aliases"]),
        relay_words=frozen["relay-words"],
        routing=_record(Routing, frozen["routing"]),
        response_memory=_record(RecentAnswers, frozen["response-memory"]),
        limits=_limits(frozen["limits"]),
        plugins=_record(PluginSettings, frozen["plugins"]),
        data=frozen,
        path=path,
        missing=missing,
        secret_files=secret_files,
    )


def freeze(value: Any) -> Any:
    """Return a deeply immutable copy: mappings become read-only, lists tuples."""
    if isinstance(value, Mapping):
        return MappingProxyType({key: freeze(part) for key, part in value.items()})
    if isinstance(value, (list, tuple)):
        return tuple(freeze(part) for part in value)
    return value


def _limits(data: Mapping[str, Any]) -> Limits:
    numbers = {
        name.replace("-", "_"): float(value) if name.endswith(("-timeout", "-hold", "-grace")) else int(value)
        for name, value in data.items()
    }
    return Limits(**numbers)  # type: ignore[arg-type]  # the schema says which are whole numbers


def _record(kind: type[T], data: Mapping[str, Any]) -> T:
    names = [each.name for each in fields(kind)]  # type: ignore[arg-type]  # only dataclasses are passed
    return kind(**{name: data[name.replace("_", "-")] for name in names})
