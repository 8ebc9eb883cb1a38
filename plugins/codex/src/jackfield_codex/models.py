"""The OpenAI model set, which every Codex-style provider offers under its own name. It is data: `models.json`."""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import cache
from importlib.resources import files

from jackfield.api import Model

PATTERNS = ("gpt-*", "codex-*")
"""Names that are routed even when not listed, so that a model works on the day it appears."""


@cache
def openai_models() -> tuple[Model, ...]:
    """Return the set, each name with the upstream's name and the effort that its suffix stands for."""
    rows = json.loads(files(__package__).joinpath("models.json").read_text("utf-8"))
    return tuple(Model(**{**row, "efforts": tuple(row["efforts"])}) for row in rows)


def named_models(names: Iterable[str]) -> list[Model]:
    """Return models that an operator listed by name."""
    return [Model(name, owned_by="custom") for name in names]
