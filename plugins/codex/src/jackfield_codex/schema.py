"""The schema file that each provider package carries beside its code, and what such schemas have in common."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any, cast

from jackfield.api import HEALTH_CHECK_SCHEMA

from .options import SCHEMAS


def load_schema(package: str) -> dict[str, Any]:
    """Return `schema.json` of a package. It may refer to what all have in common.

    `#/$defs/health-check` is the checks of one credential; `options.SCHEMAS` has the others.
    """
    schema = cast("dict[str, Any]", json.loads(files(package).joinpath("schema.json").read_text("utf-8")))
    return {**schema, "$defs": {**schema.get("$defs", {}), "health-check": HEALTH_CHECK_SCHEMA, **SCHEMAS}}
