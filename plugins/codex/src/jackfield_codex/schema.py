"""The schema file that each provider package carries beside its code."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any, cast


def load_schema(package: str) -> dict[str, Any]:
    """Return `schema.json` of a package."""
    return cast("dict[str, Any]", json.loads(files(package).joinpath("schema.json").read_text("utf-8")))
