"""The upstream's usage figures, read leniently."""

from __future__ import annotations

from ..model.types import Usage
from .values import count_of, object_of


def read_usage(value: object) -> Usage:
    """Return the `usage` of a response object; what is missing or of a wrong type counts as 0."""
    usage = object_of(value)
    inputs = object_of(usage.get("input_tokens_details"))
    outputs = object_of(usage.get("output_tokens_details"))
    return Usage(
        input=count_of(usage.get("input_tokens")),
        output=count_of(usage.get("output_tokens")),
        cached=count_of(inputs.get("cached_tokens")),
        cache_write=count_of(inputs.get("cache_write_tokens")),
        reasoning=count_of(outputs.get("reasoning_tokens")),
    )
