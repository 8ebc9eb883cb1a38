"""Everything that can go wrong, and what a client is told.

    JackfieldError
    +-- ConfigError          the configuration does not hold; carries every Problem
    +-- PluginError          a plugin cannot be used
    +-- RequestFailed        one request ends here; carries a Kind
        +-- ClientError      the client's own doing: never retried
        +-- UpstreamError    an upstream's doing: another one may do better
        +-- Unavailable      nobody can serve this now

A `Kind` fixes the HTTP status and the words of both error envelopes, so that one table decides what the SDKs raise.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with the configuration: which key, what is wrong, how to mend it, and the line where it stands.

    `path` reads like `acme.keys[0].base-url`; `line` counts from 1, 0 when there is no file. A message may begin with
    the key, whole or from a dot on (`keys[0].base-url is required ...`). A problem that is only a `warning` is told
    and tolerated. `plain` says that the message alone tells how to mend it, so that sentences need not repeat the fix.
    """

    path: str
    message: str
    fix: str = ""
    line: int = 0
    warning: bool = False
    plain: bool = False

    def __str__(self) -> str:
        place = f"line {self.line}: " if self.line else ""
        told = self.path + self.message.removeprefix(self._named) if self._named else self._told
        return f"{place}{told}{f' ({self.fix})' if self.fix else ''}"

    def at(self, file: object) -> str:
        """Return the problem as a line `file:line: error: ...`, which editors and terminals can follow."""
        place = f"{file or 'configuration'}:{self.line}" if self.line else str(file or "configuration")
        return f"{place}: {'warning' if self.warning else 'error'}: {replace(self, line=0)}"

    @property
    def sentence(self) -> str:
        """The problem as part of a longer sentence: the message with its key and its fix, without the line."""
        return self._told if self.plain or not self.fix else f"{self._told} ({self.fix})"

    @property
    def _named(self) -> str:
        """The key as the message begins with it; "" when it does not."""
        word = self.message.partition(" ")[0]
        return word if word and (self.path == word or self.path.endswith(f".{word}")) else ""

    @property
    def _told(self) -> str:
        """The message with the key in front, where it names none."""
        named = self._named or self.path in self.message
        return self.message if named else f"{self.path}: {self.message}"


class JackfieldError(Exception):
    """The root of the house's own errors."""


class ConfigError(JackfieldError):
    """The configuration does not hold. `problems` has every finding, not only the first.

    As text it is one sentence: the `heading` and every problem that is not a mere warning. Problems inside one of the
    `sections`, which are top-level keys, come in a sentence of their own: `invalid acme configuration: p1; p2`.
    """

    def __init__(
        self, problems: Iterable[Problem], heading: str = "invalid configuration", sections: Iterable[str] = ()
    ) -> None:
        self.problems: Sequence[Problem] = tuple(problems)
        self.heading = heading
        self._sections = frozenset(sections)
        super().__init__("; ".join(self.sentences))

    @property
    def sentences(self) -> list[str]:
        """One sentence for each section with problems, and one for all problems elsewhere, as they come."""
        groups: dict[str, list[str]] = {}
        for problem in self.problems:
            if not problem.warning:
                section = re.split(r"[.\[]", problem.path, maxsplit=1)[0]
                if section in self._sections:
                    groups.setdefault(f"invalid {section} configuration", []).append(problem.sentence)
                else:
                    groups.setdefault(self.heading, []).append(str(problem))
        return [f"{heading}: {'; '.join(told)}" for heading, told in groups.items()] or [self.heading]


class PluginError(JackfieldError):
    """A plugin cannot be loaded or used; the message names it."""


@dataclass(frozen=True, slots=True)
class Words:
    """What a kind of failure is called: HTTP status, OpenAI type and code, Anthropic type and status."""

    status: int
    openai_type: str
    openai_code: str | None
    anthropic_type: str
    anthropic_status: int


def _words(status: int, openai_type: str, code: str | None, anthropic: str, anthropic_status: int = 0) -> Words:
    return Words(status, openai_type, code, anthropic, anthropic_status or status)


_INVALID, _SERVER, _LIMIT = "invalid_request_error", "server_error", "rate_limit_error"


class Kind(Enum):
    """What kind of failure it is. The value is the word used in logs, statistics and records."""

    INVALID_REQUEST = "invalid_request"
    CONTEXT_LENGTH = "context_length"
    INVALID_API_KEY = "invalid_api_key"
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not_found"
    METHOD_NOT_ALLOWED = "method_not_allowed"
    REQUEST_TIMEOUT = "request_timeout"
    MODEL_NOT_FOUND = "model_not_found"
    CONFLICT = "conflict"
    TOO_LARGE = "too_large"
    UNSUPPORTED_ENCODING = "unsupported_encoding"
    UPGRADE_REQUIRED = "upgrade_required"
    HEADERS_TOO_LARGE = "headers_too_large"
    RATE_LIMITED = "rate_limited"
    USAGE_LIMIT = "usage_limit"
    QUOTA = "quota"
    UPSTREAM_AUTH = "upstream_auth"
    OVERLOADED = "overloaded"
    UPSTREAM_ERROR = "upstream_error"
    UNREACHABLE = "unreachable"
    TIMEOUT = "timeout"
    STREAM_CUT = "stream_cut"
    UNAVAILABLE = "unavailable"
    INTERNAL = "internal"
    CLIENT_GONE = "client_gone"

    @property
    def words(self) -> Words:
        """Status and names of this kind in both dialects' envelopes."""
        return _TABLE[self]

    @property
    def verdict(self) -> Verdict:
        """What a failure of this kind is about, where nothing more is known."""
        return _VERDICTS[self]

    @property
    def failover(self) -> bool:
        """True when another credential may do better: the fault is the upstream's, not the request's."""
        return self in _FAILOVER


class Verdict(Enum):
    """What a failure says something about; that alone bears the consequence. docs/routing.md has the table."""

    REQUEST = "request"
    CLIENT = "client"
    KEY = "key"
    ACCOUNT = "account"
    MODEL = "model"
    LOAD = "load"
    UPSTREAM = "upstream"
    OURSELVES = "ourselves"


_TABLE: Mapping[Kind, Words] = {
    Kind.INVALID_REQUEST: _words(400, _INVALID, None, "invalid_request_error"),
    Kind.CONTEXT_LENGTH: _words(400, _INVALID, "context_length_exceeded", "invalid_request_error"),
    Kind.INVALID_API_KEY: _words(401, _INVALID, "invalid_api_key", "authentication_error"),
    Kind.FORBIDDEN: _words(403, _INVALID, None, "permission_error"),
    Kind.NOT_FOUND: _words(404, _INVALID, None, "not_found_error"),
    Kind.METHOD_NOT_ALLOWED: _words(405, _INVALID, None, "invalid_request_error"),
    Kind.MODEL_NOT_FOUND: _words(404, _INVALID, "model_not_found", "not_found_error"),
    Kind.REQUEST_TIMEOUT: _words(408, _INVALID, None, "timeout_error"),
    Kind.CONFLICT: _words(409, _INVALID, None, "conflict_error"),
    Kind.TOO_LARGE: _words(413, _INVALID, None, "request_too_large"),
    Kind.UNSUPPORTED_ENCODING: _words(415, _INVALID, None, "invalid_request_error"),
    Kind.UPGRADE_REQUIRED: _words(426, _INVALID, "upgrade_required", "invalid_request_error"),
    Kind.HEADERS_TOO_LARGE: _words(431, _INVALID, None, "invalid_request_error"),
    Kind.RATE_LIMITED: _words(429, _LIMIT, "rate_limit_exceeded", "rate_limit_error"),
    Kind.USAGE_LIMIT: _words(429, _LIMIT, "usage_limit_reached", "rate_limit_error"),
    Kind.QUOTA: _words(402, "insufficient_quota", "insufficient_quota", "billing_error"),
    Kind.UPSTREAM_AUTH: _words(502, _SERVER, "upstream_auth", "api_error"),
    Kind.OVERLOADED: _words(503, _SERVER, "server_is_overloaded", "overloaded_error", 529),
    Kind.UPSTREAM_ERROR: _words(502, _SERVER, None, "api_error"),
    Kind.UNREACHABLE: _words(502, _SERVER, "upstream_unreachable", "api_error"),
    Kind.TIMEOUT: _words(504, _SERVER, "upstream_timeout", "timeout_error"),
    Kind.STREAM_CUT: _words(502, _SERVER, "upstream_stream_cut", "api_error"),
    Kind.UNAVAILABLE: _words(503, _SERVER, None, "overloaded_error"),
    Kind.INTERNAL: _words(500, _SERVER, None, "api_error"),
    Kind.CLIENT_GONE: _words(499, _SERVER, None, "api_error"),
}

_VERDICTS: Mapping[Kind, Verdict] = {
    Kind.INVALID_REQUEST: Verdict.REQUEST,
    Kind.CONTEXT_LENGTH: Verdict.REQUEST,
    Kind.INVALID_API_KEY: Verdict.REQUEST,
    Kind.FORBIDDEN: Verdict.REQUEST,
    Kind.NOT_FOUND: Verdict.REQUEST,
    Kind.METHOD_NOT_ALLOWED: Verdict.REQUEST,
    Kind.REQUEST_TIMEOUT: Verdict.REQUEST,
    Kind.MODEL_NOT_FOUND: Verdict.MODEL,
    Kind.CONFLICT: Verdict.REQUEST,
    Kind.TOO_LARGE: Verdict.REQUEST,
    Kind.UNSUPPORTED_ENCODING: Verdict.REQUEST,
    Kind.UPGRADE_REQUIRED: Verdict.REQUEST,
    Kind.HEADERS_TOO_LARGE: Verdict.REQUEST,
    Kind.RATE_LIMITED: Verdict.LOAD,
    Kind.USAGE_LIMIT: Verdict.ACCOUNT,
    Kind.QUOTA: Verdict.ACCOUNT,
    Kind.UPSTREAM_AUTH: Verdict.KEY,
    Kind.OVERLOADED: Verdict.UPSTREAM,
    Kind.UPSTREAM_ERROR: Verdict.UPSTREAM,
    Kind.UNREACHABLE: Verdict.UPSTREAM,
    Kind.TIMEOUT: Verdict.UPSTREAM,
    Kind.STREAM_CUT: Verdict.UPSTREAM,
    Kind.UNAVAILABLE: Verdict.OURSELVES,
    Kind.INTERNAL: Verdict.OURSELVES,
    Kind.CLIENT_GONE: Verdict.OURSELVES,
}

_FAILOVER = frozenset(
    {
        Kind.RATE_LIMITED,
        Kind.USAGE_LIMIT,
        Kind.QUOTA,
        Kind.UPSTREAM_AUTH,
        Kind.OVERLOADED,
        Kind.UPSTREAM_ERROR,
        Kind.UNREACHABLE,
        Kind.TIMEOUT,
        Kind.STREAM_CUT,
    }
)


@dataclass(frozen=True, slots=True)
class Detail:
    """What a failure may tell beyond its kind.

    `status` overrides the kind's HTTP status (an upstream's own 500 or 504), `code` the OpenAI code, `param` names the
    field at fault, `retry_after` is in seconds, `headers` are an upstream's that may reach the client. `verdict` says
    what the failure is about where the kind's own does not fit: a 503 that says that the model is not there.
    `upstream_status` is the HTTP status that an upstream answered with (0: none), whatever a client is told. `full`
    says that it serves as much at once as it can: not a limit that is used up, but one that is back with the next free
    place. `should_retry` is what clients are advised (None: the kind decides). `advice` is ours to a client that a
    provider does not serve, as a sentence that begins with the provider's name ("" for none). `unsent` says that not a
    byte of the request left, so that sending it cannot be a repetition.
    `told` and `native` are for clients of the Responses API alone: fields of the error object that they decide by
    (`plan_type`, `resets_at`), and further headers of the upstream.
    """

    status: int = 0
    code: str | None = None
    param: str | None = None
    retry_after: float | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    verdict: Verdict | None = None
    upstream_status: int = 0
    full: bool = False
    should_retry: bool | None = None
    told: Mapping[str, object] = field(default_factory=dict)
    native: Mapping[str, str] = field(default_factory=dict)
    advice: str = ""
    unsent: bool = False


class RequestFailed(JackfieldError):  # noqa: N818  # it says what happened to the request
    """One request ends here. The dialect of the client turns it into that dialect's envelope."""

    def __init__(self, kind: Kind, message: str, detail: Detail | None = None) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.detail = detail or Detail()

    @property
    def verdict(self) -> Verdict:
        """What the failure says something about."""
        return self.detail.verdict or self.kind.verdict

    @property
    def openai_status(self) -> int:
        """The HTTP status on the OpenAI routes."""
        return self.detail.status or self.kind.words.status

    @property
    def anthropic_status(self) -> int:
        """The HTTP status on the Anthropic routes."""
        return self.detail.status or self.kind.words.anthropic_status

    @property
    def code(self) -> str | None:
        """The OpenAI error code: the upstream's own where there is one."""
        return self.detail.code or self.kind.words.openai_code


class ClientError(RequestFailed):
    """The client's own doing; the same request would fail anywhere."""


NAMELESS = "the upstream "
"""How a sentence about an upstream begins before its provider's name is known."""


class UpstreamError(RequestFailed):
    """An upstream refused, failed, lied or fell silent."""

    def of(self, provider: str) -> UpstreamError:
        """Return the failure told of the provider that it came from, with our advice where there is any."""
        if advice := self.detail.advice:
            message = f"{provider} {advice}; it said: {self.message}"
        elif self.message.startswith(NAMELESS):
            message = f"{provider} {self.message.removeprefix(NAMELESS)}"
        else:
            return self
        return UpstreamError(self.kind, message, replace(self.detail, advice=""))


class Unavailable(RequestFailed):
    """No credential can serve this now: none is configured, or all are resting."""


def invalid_request(message: str, param: str | None = None) -> ClientError:
    """Return the 400 that names the field at fault."""
    return ClientError(Kind.INVALID_REQUEST, message, Detail(param=param))
