"""The public suite `llmprobe` (npm) against Responses, Messages and Chat: every MUST of its conformance card.

It is run without its benchmark, records nothing (`--no-save`), and is never told to upload anything.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from jackfield.testing import RunningServer

pytestmark = pytest.mark.timeout(240, func_only=True)

_CITATIONS = "llmprobe knows no `citations: null`; Anthropic's schema, as llm-comply has it, requires the field so"

UNABLE: Mapping[str, str] = {
    "messages-schema": _CITATIONS,
    "messages-stream-chunk-schema": _CITATIONS,
    "messages-reasoning-roundtrip-schema": _CITATIONS,
    "responses-sse-missing-done": "OpenAI ends a Responses stream with its terminal event, and bytes pass as they come",
}
"""Checks that cannot pass here, each with its reason."""

SURFACES = {"models", "chat", "responses", "messages", "count-tokens"}


async def test_every_must_of_llmprobe_passes_that_can(
    packages: Path, server: RunningServer, key: str, run: Callable[..., Awaitable[Any]]
) -> None:
    program = packages / "llmprobe" / "bin" / "dist" / "llmprobe.mjs"
    options = ["-k", key, "-m", "gpt-5", "--no-bench", "--no-save", "--json"]
    report = await run("node", str(program), server.v1, *options)
    checks = [failure for each in report["conformance"]["results"] for failure in each["failures"]]
    failed = {check["id"]: check["message"] for check in checks if check["severity"] == "MUST"}
    served = {entry["id"] for entry in report["coverage"]["entries"] if entry["supported"]}

    assert {name: said for name, said in failed.items() if name not in UNABLE} == {}
    assert failed.keys() == UNABLE.keys(), "what passes now is no longer unable"
    assert served >= SURFACES
