"""The request log (`request-log: true`): a line for each request with names and figures, never what was said."""

from __future__ import annotations

import logging

from ..model.types import CompletionRecord

_LONGEST = 200
"""Characters of a model's name that are shown where it is the upstream's word."""

logger = logging.getLogger("jackfield.requests")


def write(record: CompletionRecord) -> None:
    """Log what became of a request. `ttft` and `duration` are seconds; `client` is the digest of its key.

    `served` is the model that answered, by the upstream's own word, and is there only where it is another.
    """
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
    if record.served and record.served != record.model:
        fields["served"] = record.served[:_LONGEST]
    logger.info("request", extra=fields)
