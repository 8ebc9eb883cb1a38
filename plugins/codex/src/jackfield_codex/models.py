"""The OpenAI model set, which every Codex-style provider offers under its own name. Data with a date: `models.json`."""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from typing import Any

from jackfield.api import Model

PATTERNS = ("gpt-*", "codex-*")
"""Names that are routed even when not listed, so that a model works on the day it appears."""


@cache
def openai_models() -> tuple[Model, ...]:
    """Return the set, each name with the upstream's name and the effort that its suffix stands for."""
    return tuple(Model(**{**row, "efforts": tuple(row.get("efforts", ()))}) for row in _data()["models"])


def models_date() -> str:
    """Return the day of the list, such as `2026-11-28`: models that came later are found by `PATTERNS` alone."""
    return str(_data()["date"])


@cache
def _data() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(files(__package__).joinpath("models.json").read_text("utf-8"))
    return found


def named_models(names: Iterable[str]) -> list[Model]:
    """Return models that an operator listed by name."""
    return [Model(name, owned_by="custom") for name in names]
