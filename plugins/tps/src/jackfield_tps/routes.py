"""`GET /v0/management/tps` and `GET /v0/management/usage`, behind the management plugin's guard."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from decimal import Decimal
from typing import Any

import orjson

from .recorder import Recorder
from .speeds import GROUPS
from .store import StoreError
from .windows import window

MOST_BUCKETS = 240

Query = Mapping[str, str]
Reader = Callable[[Query], Awaitable[tuple[int, Any]]]


class Refused(Exception):  # noqa: N818  # it says what happened to the request
    """A parameter cannot be used."""


def readers(recorder: Callable[[], Recorder]) -> dict[str, Reader]:
    """Return what answers each path, given what returns the recorder of the server."""

    async def tps(query: Query) -> dict[str, Any]:
        return {
            "tps": await recorder().speeds(
                window(query.get("window", "")),
                provider=query.get("provider", "").strip(),
                model=query.get("model", "").strip(),
                group=_group(query.get("group-by", "")),
                buckets=_buckets(query.get("buckets", "")),
            )
        }

    async def usage(query: Query) -> dict[str, Any]:
        asked = query.get("provider", "").strip(), query.get("model", "").strip()
        return {"usage": await recorder().usage(window(query.get("window", "")), *asked)}

    return {"/tps": _guarded(tps), "/usage": _guarded(usage)}


def _guarded(answer: Callable[[Query], Awaitable[dict[str, Any]]]) -> Reader:
    """Return a reader that tells what went wrong in the form of the API."""

    async def read(query: Query) -> tuple[int, Any]:
        try:
            return 200, as_json(await answer(query))
        except Refused as refused:
            return 400, {"error": "invalid parameter", "message": str(refused)}
        except StoreError as error:
            return 503, {"error": "statistics are not available", "message": f"{error}; the log tells more"}

    return read


def as_json(body: object) -> orjson.Fragment:
    """Return a body as JSON in which figures keep their two decimals."""
    return orjson.Fragment(orjson.dumps(body, default=_figure))


def _figure(value: object) -> orjson.Fragment:
    if isinstance(value, Decimal):
        return orjson.Fragment(str(value))
    raise TypeError(f"{type(value).__name__} is not JSON")


def _group(asked: str) -> str:
    if asked and asked not in GROUPS:
        raise Refused(f"group-by is one of {', '.join(GROUPS)}")
    return asked


def _buckets(asked: str) -> int:
    if not asked:
        return 0
    if not (asked.isascii() and asked.isdigit() and len(asked) < 5 and 1 <= int(asked) <= MOST_BUCKETS):
        raise Refused(f"buckets is a number from 1 to {MOST_BUCKETS}")
    return int(asked)
