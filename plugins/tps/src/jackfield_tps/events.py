"""The event `per-request-tps`: one line in the ordinary log, figures and names, no content."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from importlib.resources import files
from typing import Any

import orjson
from jackfield.api import CompletionRecord

from .figures import Figures, seconds, shown

MESSAGE = "per-request-tps"


def emit(logger: logging.Logger, record: CompletionRecord, figures: Figures) -> None:
    """Log the event of an attempt."""
    logger.info(MESSAGE, extra=event(record, figures))


def event(record: CompletionRecord, figures: Figures) -> dict[str, Any]:
    """Return the fields of the event, which `per-request-tps.schema.json` describes."""
    return {
        "request_id": record.request_id,
        "is_streaming": record.streaming,
        "measured_at": moment(record.measured_at),
        "request_duration_seconds": seconds(figures.request_ns),
        "stream_duration_seconds": seconds(figures.stream_ns),
        "input_tokens": figures.input,
        "output_tokens": figures.output,
        "total_tokens": figures.input + figures.output,
        "tps_completion": shown(figures.completion),
        "tps_total": shown(figures.total),
        "provider": figures.provider,
        "model": figures.model,
        "provider_model": f"{figures.provider}/{figures.model}",
        "ttft_seconds": None if figures.ttft_ns is None else seconds(figures.ttft_ns),
        "attempt": record.attempt,
        "burst": figures.burst,
        "counted": figures.counted,
    }


def moment(when: datetime) -> str:
    """Return a moment as RFC 3339, in UTC, to the millisecond."""
    return when.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def schema() -> dict[str, Any]:
    """Return the JSON Schema of the event, as a line of the JSON log or its fields alone."""
    text = files(__package__).joinpath("per-request-tps.schema.json").read_bytes()
    loaded: dict[str, Any] = orjson.loads(text)
    return loaded
