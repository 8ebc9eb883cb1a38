"""What relays that serve Codex alone call a client that is another: rows for the house's table."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

import orjson


def relay_words() -> list[dict[str, Any]]:
    """Return the rows, in the shape of the configuration's `relay-words`, with where each was seen."""
    rows: list[dict[str, Any]] = orjson.loads(files(__package__).joinpath("relay_words.json").read_bytes())
    return rows
