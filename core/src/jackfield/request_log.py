"""The request log (`request-log: true`): a line for each request with names and figures, never what was said."""

from __future__ import annotations

import logging

from .types import CompletionRecord

logger = logging.getLogger("jackfield.requests")


def write(record: CompletionRecord) -> None:
    """Log what became of a request. `ttft` and `duration` are seconds; `client` is the digest of its key."""
    fields: dict[str, object] = {
        "request_id": record.request_id,
        "client": record.client or "-",
        "dialect": record.dialect,
        "model": record.model,
        "provider": record.provider or "-",
        "attempts": record.attempt,
        "streaming": record.streaming,
        "status": record.status,
        "error": record.error or "-",
        "duration": round(record.ended - record.started, 3),
        "ttft": None if record.first_output is None else round(record.first_output - record.started, 3),
        "input_tokens": record.usage.input,
        "output_tokens": record.usage.output,
    }
    logger.info("request", extra=fields)
