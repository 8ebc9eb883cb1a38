"""How long an answer may be and how its words are drawn: the client's wishes in the names of the Responses API.

Whether the upstream takes them is its executor's business.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from ...model.errors import invalid_request
from .fields import get_number

LEAST = 16
"""The smallest `max_output_tokens` that OpenAI takes; a smaller wish is kept to here."""
MOST = 2**31 - 1


def read_limit(request: Mapping[str, Any], *names: str) -> int:
    """Return the most tokens that the answer may have, by the first of these fields that says so; 0 for no limit.

    Zero and less say nothing, as some clients mean it. Raises ClientError (400) for what is no number.
    """
    found = [_number(request, name) or 0 for name in names]
    return next((min(int(limit), MOST) for limit in found if limit >= 1), 0)


def sampling(request: Mapping[str, Any], limit: int) -> dict[str, Any]:
    """Return `max_output_tokens`, `temperature` and `top_p` as far as the request has them.

    Raises ClientError (400) for what is no number.
    """
    wished = {name: _number(request, name) for name in ("temperature", "top_p")}
    fields: dict[str, Any] = {name: value for name, value in wished.items() if value is not None}
    return {"max_output_tokens": max(limit, LEAST), **fields} if limit else fields


def _number(request: Mapping[str, Any], name: str) -> float | None:
    value = get_number(request, name)
    if value is not None and not math.isfinite(value):
        raise invalid_request(f"{name}: must be a finite number", name)
    return value
