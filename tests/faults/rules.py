"""What becomes of a failed attempt: what the client is told, whether another credential is tried, who rests.

The tests derive what every cell of the matrix must show from these rules, and `docs/reliability.md` is written from
them. They are those of `docs/routing.md`, put down a second time: nothing here comes from the code that they judge.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from jackfield.testing import Hang, Script

Dialect = Literal["responses", "messages", "chat"]
DIALECTS: tuple[Dialect, ...] = ("responses", "messages", "chat")

FOX_TEXT = "Vixen zigzags past kennels."
"""What the first provider says when it is let to."""
LONGEST_TOLD = 60
"""Seconds of the longest Retry-After that a client hears."""
SHOWN = "Vixen zigzags "
"""What of it a client has seen when the fault comes after the first content."""
OWL_TEXT = "Owlets doze until twilight."
"""What the second provider says; not a word is the first one's."""


@dataclass(frozen=True)
class Rest:
    """How long a credential is left alone, and after how many failures in a row. `seconds` 0: it is not."""

    seconds: float = 0
    after: int = 1


@dataclass(frozen=True)
class Told:
    """A kind of failure: its status and words on the OpenAI routes and on that of Messages, and what follows.

    `moves_on`: another credential is tried, before the first content. `again`: the only one is tried a second time,
    since no connection came about.
    `code` is also what `response.failed` carries, where it is one of the API's (X4). `responses_type` is the type on
    `/v1/responses`, where it differs (X1). `longest` is the longest rest that an upstream can ask for.
    """

    status: int
    type: str
    code: str | None
    messages_type: str
    messages_status: int = 0
    moves_on: bool = True
    again: bool = False
    rest: Rest = Rest(15, after=3)
    longest: float = 300
    responses_type: str = ""

    def status_in(self, dialect: Dialect) -> int:
        return self.messages_status or self.status if dialect == "messages" else self.status

    def type_in(self, dialect: Dialect) -> str:
        if dialect == "messages":
            return self.messages_type
        return self.responses_type or self.type if dialect == "responses" else self.type


SOUND = Told(200, "", None, "", moves_on=False, rest=Rest())
"""No failure: strange, and still right."""

UNREACHABLE = Told(502, "server_error", "upstream_unreachable", "api_error", again=True)
LOST = replace(UNREACHABLE, again=False)
"""It may have worked on the request, and so be paid for it."""
CUT = Told(502, "server_error", "upstream_stream_cut", "api_error")
TIMEOUT = Told(504, "server_error", "upstream_timeout", "timeout_error")
BROKEN = Told(502, "server_error", None, "api_error")
OVERLOADED = Told(503, "server_error", "server_is_overloaded", "overloaded_error", 529)
LIMITED = Told(429, "rate_limit_error", "rate_limit_exceeded", "rate_limit_error", rest=Rest(1), longest=1800)
USED_UP = replace(LIMITED, code="usage_limit_reached", responses_type="usage_limit_reached")
NO_MONEY = Told(402, "insufficient_quota", "insufficient_quota", "billing_error", rest=Rest(1800))
REFUSED_KEY = Told(502, "server_error", "upstream_auth", "api_error", rest=Rest(1800))
REFUSED = Told(403, "invalid_request_error", None, "permission_error", rest=Rest())

INVALID = Told(400, "invalid_request_error", None, "invalid_request_error", moves_on=False, rest=Rest())
TOO_LONG = replace(INVALID, code="context_length_exceeded")
TOO_LARGE = replace(INVALID, status=413, messages_type="request_too_large")
CONFLICT = replace(INVALID, status=409, messages_type="conflict_error")
NO_CHANNEL = replace(OVERLOADED, rest=Rest(600), longest=1800)
FULL = replace(LIMITED, rest=Rest(0.5), longest=5)
NO_MODEL = Told(404, "invalid_request_error", "model_not_found", "not_found_error", rest=Rest(600), longest=1800)


@dataclass(frozen=True)
class Fault:
    """One row: what the first provider does before its first content and after it, and the kind of failure it is.

    A script that is None: this cannot happen then. `down`: nobody listens at all. `wait` are the seconds that the
    upstream asks for. `patience`: seconds of silence after which the proxy gives up, 0 for minutes.
    """

    name: str
    told: Told
    before: Script | None = None
    after: Script | None = None
    wait: int | None = None
    down: bool = False
    patience: float = 0

    @property
    def moments(self) -> tuple[Moment, ...]:
        """When it can happen."""
        before: tuple[Moment, ...] = ("before",) if self.before or self.down else ()
        return (*before, "after") if self.after else before

    @property
    def rest(self) -> Rest:
        """How long the credential is left alone; what the upstream asks for counts at once."""
        return Rest(min(self.wait, self.told.longest)) if self.wait and self.told.moves_on else self.told.rest

    def script(self, moment: Moment) -> Script | None:
        return self.before if moment == "before" else self.after

    def stays_open(self, moment: Moment) -> bool:
        """True when the upstream would never end by itself: the proxy must close the connection.

        After a sound answer it does so too, yet gives the upstream a second to end.
        """
        script = self.script(moment)
        return script is not None and self.told is not SOUND and any(isinstance(step, Hang) for step in script.steps)


Moment = Literal["before", "after"]
"""The fault comes before the first content of the answer, or after it."""


@dataclass(frozen=True)
class Cell:
    """One field of the matrix."""

    fault: Fault
    moment: Moment
    dialect: Dialect
    stream: bool
    pair: bool

    def __str__(self) -> str:
        words = [self.moment, self.dialect, "stream" if self.stream else "whole", "pair" if self.pair else "alone"]
        return f"{self.fault.name}-{'-'.join(words)}"


@dataclass(frozen=True)
class Seen:
    """What a client saw, through its SDK, and how often each provider was asked.

    `raised` is the SDK's exception; `type` and `code` are the error's words in the envelope of the dialect, None where
    it has no room for them; `word` is our own word for a failure, in the message where the code has to be one of the
    API's; `end` is what a stream ends with; `text` is all that the client was shown.
    """

    status: int
    raised: str = ""
    type: str | None = None
    code: str | None = None
    word: str | None = None
    retry_after: str | None = None
    end: str = ""
    text: str = ""
    fox: int = 1
    owl: int = 0


PROPER_END: Mapping[Dialect, str] = {"responses": "response.completed", "messages": "message_stop", "chat": "[DONE]"}
RAISED: Mapping[int, str] = {
    400: "BadRequestError", 402: "APIStatusError", 403: "PermissionDeniedError", 404: "NotFoundError",
    408: "APIStatusError", 409: "ConflictError", 413: "APIStatusError", 429: "RateLimitError",
}  # fmt: skip
"""What the SDKs raise for a status, or what they derive it from; for those from 500 on an InternalServerError."""


KNOWN_IN_STREAM = frozenset(
    {"server_error", "rate_limit_exceeded", "context_length_exceeded", "server_is_overloaded", "insufficient_quota"}
)
"""Codes of a `response.failed` that the API has, or that its clients act on."""


def cells(fault: Fault) -> list[Cell]:
    """Return every cell of a row."""
    return [
        Cell(fault, moment, dialect, stream, pair)
        for moment in fault.moments
        for dialect in DIALECTS
        for stream in (True, False)
        for pair in (False, True)
    ]


def expected(cell: Cell) -> Seen:
    """Return what a cell must show. This is the whole of the rules."""
    told = cell.fault.told
    if told is SOUND:
        return _answered(cell, FOX_TEXT, owl=0)
    if cell.moment == "before" and cell.pair and told.moves_on:
        return _answered(cell, OWL_TEXT, owl=1)
    if cell.moment == "after" and cell.stream:
        return _told_in_the_stream(cell)
    asked = 2 if cell.moment == "before" and not cell.pair and told.again else 1
    return _told_as_status(cell, asked)


def _answered(cell: Cell, text: str, owl: int) -> Seen:
    end = PROPER_END[cell.dialect] if cell.stream else ""
    return Seen(200, end=end, text=text, fox=0 if cell.fault.down else 1, owl=owl)


def _told_as_status(cell: Cell, asked: int) -> Seen:
    """An error that comes before everything else, or in the place of an answer that is not streamed."""
    told, dialect = cell.fault.told, cell.dialect
    status = told.status_in(dialect)
    raised = RAISED.get(status, "InternalServerError")
    wait = None if cell.fault.wait is None or cell.fault.wait > LONGEST_TOLD else str(cell.fault.wait)
    asked = 0 if cell.fault.down else asked
    if dialect == "messages":
        return Seen(status, raised, told.type_in(dialect), retry_after=wait, fox=asked)
    return Seen(status, raised, told.type_in(dialect), _code(cell), retry_after=wait, fox=asked)


def _told_in_the_stream(cell: Cell) -> Seen:
    """An error after content: the event that the dialect's clients take for one, and no end that looks proper."""
    told = cell.fault.told
    if cell.dialect == "responses":
        code = _code(cell)
        known = code if code in KNOWN_IN_STREAM else "server_error"
        if told.code is None and told.status < 500:
            code = known = "invalid_prompt"  # the request's fault: nothing to be tried again
        return Seen(200, code=known, word=None if code == known else code, end="response.failed", text=SHOWN)
    if cell.dialect == "messages":
        return Seen(200, "APIError", told.messages_type, end="error", text=SHOWN)
    return Seen(200, "APIError", told.type, _code(cell), end="error", text=SHOWN)


def _code(cell: Cell) -> str | None:
    """Return the OpenAI code; in a stream a failure always has one, because `response.failed` must."""
    return cell.fault.told.code or ("server_error" if cell.moment == "after" else None)
