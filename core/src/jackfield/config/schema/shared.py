"""Parts of a configuration's schema that plugins share, so that the same thing is said the same way everywhere."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

HEALTH_CHECK_SCHEMA: Mapping[str, Any] = {
    "type": ["object", "null"],
    "default": None,
    "additionalProperties": False,
    "description": "Ask now and then whether it is there, by a call that generates nothing. Default: no checks.",
    "properties": {
        "interval": {
            "type": "number",
            "minimum": 1,
            "maximum": 86_400,
            "default": 30,
            "description": "Seconds from one check to the next, a tenth more or less. Default: 30.",
        },
        "timeout": {
            "type": "number",
            "exclusiveMinimum": 0,
            "maximum": 300,
            "default": 5,
            "description": "Seconds that an answer may take. Default: 5.",
        },
        "path": {
            "type": "string",
            "pattern": r"^/[^\s?#\\]*$",
            "x-fix": "begin with a slash; what follows is added to base-url, without `?` and `#`",
            "default": "/models",
            "description": "What is asked for, below base-url. Default: /models.",
        },
    },
}
"""The value of a key `health-check`: put it into the `$defs` of a plugin's schema, or where the key stands."""
