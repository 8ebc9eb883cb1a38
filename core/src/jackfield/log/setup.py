"""Logging: one line an event, as text or as JSON, in which no secret can be read and no line be forged."""

from __future__ import annotations

import logging
import re
import sys
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal
from types import TracebackType

import orjson

from ..config.settings import Settings
from ..model.secret import Secret
from ..redaction import mask
from .outlet import Outlet, open_outlet

SHORTEST = 6
"""Characters from which on a secret of the configuration is looked for by its value; shorter ones are in any text."""

LONGEST = 10_000
"""Characters of one text that are looked at; `mask` shows fewer."""
MOST_LINES = 200
"""Lines of a traceback that are shown; of a longer one the last, which say what went wrong."""
INDENT = "  "
"""Stands before every line of a traceback, so that none of them can be taken for a line of the log."""

_STANDARD = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName"}
_BREAKS = {ord(sign): sign.encode("unicode_escape").decode() for sign in "\r\n\v\f\x1c\x1d\x1e\x85\u2028\u2029"}


class Redaction:
    """Hides keys and passwords: the configured ones by their value, others by what they look like."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        known = sorted({secret for secret in secrets if len(secret) >= SHORTEST}, key=len, reverse=True)
        self._known = re.compile("|".join(map(re.escape, known))) if known else None

    def line(self, text: str) -> str:
        """Return a text as one line without secrets, its indentation kept."""
        text = text[:LONGEST].encode("utf-8", "replace").decode()  # half a surrogate pair cannot be written
        hidden = self._known.sub("***", text) if self._known else text
        shown = mask(hidden.translate(_BREAKS))
        return hidden[: len(hidden) - len(hidden.lstrip(" "))] + shown

    def lines(self, text: str) -> str:
        """Return a text of several lines, such as a traceback, without secrets; no line of it begins a new entry."""
        split = text.split("\n")
        shown = split if len(split) <= MOST_LINES else ["...", *split[-MOST_LINES:]]
        return "\n".join(INDENT + self.line(line) for line in shown)

    def value(self, value: object) -> object:
        """Return a value for JSON, without secrets at any depth; what is no JSON becomes text."""
        if value is None or isinstance(value, float) or (isinstance(value, int) and abs(value) < 2**63):
            return value
        if isinstance(value, Decimal) and value.is_finite():
            return orjson.Fragment(str(value))  # a number whose decimals mean something
        if isinstance(value, Mapping):
            return {self.line(str(key)): self.value(part) for key, part in value.items()}
        if isinstance(value, list | tuple):
            return [self.value(part) for part in value]
        return self.line(str(value))


class _Formatter(logging.Formatter):
    """What both formats have in common. `secrets` are those of the configuration."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        super().__init__()
        self.redaction = Redaction(secrets)

    def trace(self, record: logging.LogRecord) -> str:
        """Return the traceback of a record; "" when it has none."""
        return self.redaction.lines(self.formatException(record.exc_info)) if record.exc_info else ""


class TextFormatter(_Formatter):
    """`time level logger: message`, then extra fields as `key=value`; on a terminal and in a file alike."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, and the traceback below it if there is one."""
        fields = "".join(f" {key}={self.redaction.line(str(value))}" for key, value in _extra(record).items())
        head = f"{_moment(record)} {record.levelname.lower()} {record.name}"
        line = f"{head}: {self.redaction.line(_message(record))}{fields}"
        trace = self.trace(record)
        return f"{line}\n{trace}" if trace else line


class JsonFormatter(_Formatter):
    """One JSON object a line: `time`, `level`, `logger`, `message` and the extra fields beside them."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        body: dict[str, object] = {
            "time": _moment(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": self.redaction.line(_message(record)),
        }
        if trace := self.trace(record):
            body["traceback"] = trace
        extra = {key: self.redaction.value(value) for key, value in _extra(record).items() if key not in body}
        return orjson.dumps({**body, **extra}).decode()


_outlet: Outlet | None = None
"""Where the log goes in a process that must not wait for its reader."""


def detach() -> None:
    """Let nothing wait for whoever reads standard error, from now on: for a process that serves."""
    global _outlet
    _outlet = _outlet or open_outlet(sys.stderr)
    for handler in (*_own_handlers(logging.getLogger("jackfield")), *_own_handlers(logging.getLogger())):
        if _outlet is not None and isinstance(handler, logging.StreamHandler):
            handler.setStream(_outlet)


def finish(within: float = 1.0) -> None:
    """Write what waits to be written, for so many seconds at most."""
    if _outlet is not None:
        _outlet.close(within)


def say(line: str) -> None:
    """Write a line that is no entry of the log to standard error, behind the log's; one that nobody takes is lost."""
    with suppress(OSError, ValueError):
        if _outlet is not None:
            _outlet.write(f"{line}\n")
        elif sys.stderr is not None:
            print(line, file=sys.stderr, flush=True)


def configure(settings: Settings) -> None:
    """Send the house's log to standard error in the configured format. Configuring again replaces the format."""
    house = logging.getLogger("jackfield")
    handler = next(iter((*_own_handlers(house), *_own_handlers(logging.getLogger()))), None)
    if handler is None:
        handler = logging.StreamHandler(_outlet or sys.stderr)
        handler.set_name("jackfield")
        house.addHandler(handler)
    formatter = JsonFormatter if settings.log_format == "json" else TextFormatter
    handler.setFormatter(formatter(_secrets(settings.data)))
    house.setLevel(logging.DEBUG if settings.debug else logging.INFO)


def take_over() -> None:
    """Make the house's log that of the whole process, for a process that is ours alone.

    What other libraries log, what Python warns about and what it could raise nowhere goes through the same format then,
    and so through its redaction.
    """
    house, root = logging.getLogger("jackfield"), logging.getLogger()
    for handler in _own_handlers(house):
        house.removeHandler(handler)
        root.addHandler(handler)
    logging.captureWarnings(True)
    sys.unraisablehook = _log_unraisable
    threading.excepthook = _log_thread
    sys.excepthook = _log_uncaught


def _own_handlers(logger: logging.Logger) -> list[logging.Handler]:
    return [handler for handler in logger.handlers if handler.get_name() == "jackfield"]


def _log_unraisable(found: sys.UnraisableHookArgs) -> None:
    error = found.exc_value or found.exc_type
    told = (found.exc_type, found.exc_value, found.exc_traceback) if found.exc_value else None
    logging.getLogger("jackfield").error("%s: %r", found.err_msg or "ignored", error, exc_info=told)


def _log_thread(found: threading.ExceptHookArgs) -> None:
    if found.exc_value is not None:
        _log_uncaught(found.exc_type, found.exc_value, found.exc_traceback)


def _log_uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    logging.getLogger("jackfield").critical("uncaught: %r", error, exc_info=(kind, error, trace))


def _secrets(value: object) -> Iterator[str]:
    """Yield every secret in a configuration."""
    if isinstance(value, Secret):
        yield value.reveal()
    elif isinstance(value, Mapping):
        for part in value.values():
            yield from _secrets(part)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _secrets(part)


def _moment(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except (TypeError, ValueError, KeyError):  # arguments that do not fit: better a raw message than none
        return f"{record.msg} {record.args!r}"


def _extra(record: logging.LogRecord) -> dict[str, object]:
    return {key: value for key, value in record.__dict__.items() if key not in _STANDARD}
