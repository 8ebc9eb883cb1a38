"""The public suite `llm-comply` (PyPI): Responses by the rules of Open Responses, Messages and Chat."""

from __future__ import annotations

import sysconfig
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from jackfield.testing import RunningServer

SUITE = Path(sysconfig.get_path("scripts"), "llm-comply")

pytestmark = pytest.mark.timeout(240)

UNABLE: Mapping[str, Mapping[str, str]] = {"open-responses": {}, "anthropic": {}, "openai-chat": {}}
"""Tests that cannot pass here, each with its reason."""


@pytest.mark.parametrize("form", UNABLE)
async def test_every_check_of_llm_comply_passes_that_can(
    form: str, server: RunningServer, key: str, run: Callable[..., Awaitable[Any]]
) -> None:
    options = ["--format", form, "-u", server.v1, "-k", key, "-m", "gpt-5", "--json"]
    found = (await run(str(SUITE), *options))["results"]
    failed = {each["id"]: each for each in found if each["status"] == "failed"}

    assert any(each["status"] == "passed" for each in found)
    assert {name: each for name, each in failed.items() if name not in UNABLE[form]} == {}
    assert failed.keys() == UNABLE[form].keys(), "what passes now is no longer unable"
