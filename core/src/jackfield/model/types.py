"""The vocabulary: what the parts of the house hand to each other. All of it is immutable."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any, Literal, Protocol

from .secret import Secret

EMPTY: Mapping[str, str] = MappingProxyType({})

Scope = Literal["attempt", "request"]


class Clock(Protocol):
    """Time as the house reads it, so that a test can turn it by hand."""

    def monotonic(self) -> float:
        """Seconds that never run backwards; the origin means nothing."""
        ...

    def now(self) -> datetime:
        """The wall clock, with its time zone (UTC)."""
        ...


@dataclass(frozen=True, slots=True)
class HealthCheck:
    """How a credential's upstream is asked, now and then, whether it is there: by a call that generates nothing.

    `interval` is the time from one check to the next and `timeout` what an answer may take, both in seconds; `path`
    follows the base URL.
    """

    interval: float = 30.0
    timeout: float = 5.0
    path: str = "/models"

    @classmethod
    def of(cls, section: Mapping[str, Any] | None) -> HealthCheck | None:
        """Return what a configuration's `health-check` says (see `HEALTH_CHECK_SCHEMA`); None where it is left out."""
        if section is None:
            return None
        return cls(float(section["interval"]), float(section["timeout"]), section["path"])


@dataclass(frozen=True, slots=True)
class Credential:
    """One way to be served: a provider's name and what is needed to call it.

    `attributes` carries `api_key`, `base_url` and `source` where they are known from configuration;
    `metadata` carries what a login file holds (`access_token`, `base_url`, ...).
    """

    id: str
    provider: str
    label: str
    attributes: Mapping[str, str | Secret] = field(default_factory=dict)
    metadata: Mapping[str, object] = field(default_factory=dict)
    status: Literal["active", "disabled"] = "active"
    priority: int = 0
    weight: int = 1
    models: frozenset[str] = frozenset()
    """The only model ids it serves; empty: every model of its provider."""
    standby: bool = False
    """Used only while no other provider is configured (the demo)."""
    health_check: HealthCheck | None = None
    """How it is checked while nobody asks; None: not at all. Its executor must be able to (`executor.Checking`)."""
    max_concurrency: int = 0
    """Requests that it serves at once, further ones wait; 0: no limit."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a request goes and the key that opens it: always from the same place, never mixed."""

    base_url: str
    api_key: Secret
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    proxy_url: str = field(default="", repr=False)
    default_headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Headers for what the client leaves out; those of `headers` win over the client's."""
    query: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Parameters that every URL gets."""


@dataclass(frozen=True, slots=True)
class Model:
    """A model that a client can ask for.

    `upstream` is the name sent to the provider ("" means `id`), `effort` the reasoning effort that the name implies,
    `efforts` those that the model knows (none: nobody told, so every one is sent on).
    """

    id: str
    upstream: str = ""
    effort: str | None = None
    owned_by: str = "openai"
    efforts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ModelDefaults:
    """What a provider serves when a request names no model of its own, or no effort."""

    model: str
    effort: str | None = None


@dataclass(frozen=True, slots=True)
class RequestInfo:
    """A request as plugins see it: what it asks for and who asks, never what it says.

    `client` is a short digest of the client's key ("" when the proxy is open); `session` names the conversation
    where one is known; `model` is the registered id that serves, with alias and pin resolved.
    """

    id: str
    dialect: str
    model: str
    stream: bool
    client: str = ""
    session: str = ""


@dataclass(frozen=True, slots=True)
class UpstreamCall:
    """What an executor sends: an OpenAI Responses request, and the client's headers that may travel.

    `body["model"]` is already the upstream's name. Header names are lower-case. `size` are the bytes that the body has
    as JSON, about: a large one is written in a thread (`aside`). An executor lets go of the body once it is sent, so
    that it does not take memory for as long as an answer lasts.
    """

    request: RequestInfo
    body: Mapping[str, object]
    headers: Mapping[str, str] = field(default_factory=dict)
    size: int = 0


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens as the upstream counted them. `cached` and `cache_write` are part of `input`, `reasoning` of `output`."""

    input: int = 0
    output: int = 0
    cached: int = 0
    cache_write: int = 0
    reasoning: int = 0

    @property
    def total(self) -> int:
        """Input and output together."""
        return self.input + self.output


@dataclass(frozen=True, slots=True)
class CompletionRecord:
    """What became of one attempt, or of the whole request: figures and names, no content.

    `started`, `first_output`, `last_output` and `ended` are monotonic seconds; an attempt's begin with the attempt, a
    request's with the request. `status` is the HTTP status towards the client (499 when the client left, 0 for an
    attempt whose upstream could not be reached). `error` is an error kind such as `rate_limited`, "" on success.
    """

    scope: Scope
    request_id: str
    attempt: int
    dialect: str
    provider: str
    model: str
    credential: str
    client: str
    streaming: bool
    status: int
    error: str
    started: float
    ended: float
    measured_at: datetime
    first_output: float | None = None
    last_output: float | None = None
    outputs: int = 0
    """How many output events arrived."""
    usage: Usage = Usage()
    attempt_started: float | None = None
    """When the attempt began that the figures are of: of a request its last one; None when it came to none."""
    served: str = ""
    """The model that answered, as the upstream itself says; it may be another than the one asked for. "": unsaid."""

    @property
    def succeeded(self) -> bool:
        """True when the answer came to its proper end."""
        return not self.error
