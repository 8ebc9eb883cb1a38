"""Logging: one line an event, as text or as JSON."""

from __future__ import annotations

import logging
import sys
from datetime import UTC, datetime

import orjson

from .config.settings import Settings
from .dialects.failures import mask

_STANDARD = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName"}


class TextFormatter(logging.Formatter):
    """`time level logger: message`, then extra fields as `key=value`; on a terminal and in a file alike."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line (and the traceback, if there is one) with secrets masked."""
        moment = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        fields = "".join(f" {key}={value}" for key, value in _extra(record).items())
        line = f"{moment} {record.levelname.lower()} {record.name}: {_escaped(record.getMessage())}{fields}"
        return mask_lines(line + _traceback(self, record))


class JsonFormatter(logging.Formatter):
    """One JSON object a line: `time`, `level`, `logger`, `message` and the extra fields beside them."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line with secrets masked."""
        body = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": mask(record.getMessage()),
            **_extra(record),
        }
        if trace := _traceback(self, record):
            body["traceback"] = mask_lines(trace.strip())
        return orjson.dumps(body, default=str).decode()


def configure(settings: Settings) -> None:
    """Send the house's log to standard error in the configured format. Configuring again replaces the format."""
    root = logging.getLogger("jackfield")
    handler = next((handler for handler in root.handlers if handler.get_name() == "jackfield"), None)
    if handler is None:
        handler = logging.StreamHandler(sys.stderr)
        handler.set_name("jackfield")
        root.addHandler(handler)
    handler.setFormatter(JsonFormatter() if settings.log_format == "json" else TextFormatter())
    root.setLevel(logging.DEBUG if settings.debug else logging.INFO)


def mask_lines(text: str) -> str:
    """Return text of several lines with secrets masked in each."""
    return "\n".join(mask(line) if line.strip() else line for line in text.split("\n"))


def _extra(record: logging.LogRecord) -> dict[str, object]:
    return {key: value for key, value in record.__dict__.items() if key not in _STANDARD}


def _escaped(text: str) -> str:
    """Return text on one line: nobody forges a line of the log with a newline in a name."""
    return text.replace("\r", "\\r").replace("\n", "\\n")


def _traceback(formatter: logging.Formatter, record: logging.LogRecord) -> str:
    return f"\n{formatter.formatException(record.exc_info)}" if record.exc_info else ""
