"""What the tests of the statistics share: records as the core writes them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from jackfield.api import CompletionRecord, Usage

NOON = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)

Make = Callable[..., CompletionRecord]


@pytest.fixture
def record() -> Make:
    """A function that makes a record: `record(output=120, took=3.0)` for one that was not streamed, with
    `stream=(0.5, 3.0)` for one whose first and last output came so many seconds after its start.
    """

    def make(
        output: int = 0,
        took: float = 0.0,
        stream: tuple[float, float] | None = None,
        *,
        inputs: int = 0,
        start: float = 1000.0,
        **fields: Any,
    ) -> CompletionRecord:
        given: dict[str, Any] = {
            "scope": "request",
            "request_id": "req_" + "0" * 32,
            "attempt": 1,
            "dialect": "responses",
            "provider": "fox",
            "model": "gpt-5",
            "credential": "tppc:fox:1",
            "client": "0123456789ab",
            "streaming": stream is not None,
            "status": 200,
            "error": "",
            "started": start,
            "attempt_started": start,
            "ended": start + took,
            "measured_at": NOON,
            "first_output": None if stream is None else start + stream[0],
            "last_output": None if stream is None else start + stream[1],
            "outputs": output,
            "usage": Usage(inputs, output),
        }
        return CompletionRecord(**{**given, **fields})

    return make
