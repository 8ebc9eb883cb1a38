"""Places in a configuration: `("acme", "providers", 0)` for the program, `acme.providers[0]` for people."""

from __future__ import annotations

import json
import re

Path = tuple[str | int, ...]

_PLAIN = re.compile(r"[^\s.\[\]\"]+")
_STEP = re.compile(r'\.?(?P<key>[^\s.\[\]"]+)|\[(?P<index>\d{1,9})\]|\[(?P<quoted>"(?:[^"\\]|\\.)*")\]')


def text(path: Path) -> str:
    """Return the place as people write it; a key with dots or blanks is quoted: `headers["x.y"]`."""
    return "".join(_step(step) for step in path).removeprefix(".")


def parse(place: str) -> Path:
    """Return the path that `text` would print as `place`; what cannot be read ends it."""
    steps: list[str | int] = []
    position = 0
    while found := _STEP.match(place, position):
        position = found.end()
        steps.append(_read(found))
    return tuple(steps)


def overlap(one: Path, other: Path) -> bool:
    """Return True when one place is the other, or lies inside it."""
    shorter = min(len(one), len(other))
    return one[:shorter] == other[:shorter]


def _step(step: str | int) -> str:
    if isinstance(step, int):
        return f"[{step}]"
    if _PLAIN.fullmatch(step):
        return f".{step}"
    return f"[{json.dumps(step, ensure_ascii=False)}]"


def _read(found: re.Match[str]) -> str | int:
    if found["key"] is not None:
        return found["key"]
    if found["index"] is not None:
        return int(found["index"])
    try:
        return str(json.loads(found["quoted"]))
    except ValueError:
        return found["quoted"]
