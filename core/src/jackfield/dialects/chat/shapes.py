"""Fields of the Responses API on the Chat route: what a client means is plain from the shape, so it is read.

Some clients send Responses fields to the Chat route, all of them or a few. What Chat has a word for goes into its place
here; Chat's own field goes first where both are there.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...model.errors import invalid_request
from ..translate.fields import get_list, get_object, need_list, text_or_objects


def conversation(request: Mapping[str, Any]) -> tuple[list[Any], str]:
    """Return the messages or items of a request, and the name of their field: `messages`, else `input`.

    Raises ClientError (400) where there is neither, or where both say something.
    """
    given = request.get("input")
    if given is None or given in ("", []):
        return need_list(request, "messages"), "messages"
    if get_list(request, "messages"):
        raise invalid_request("input: is the same as 'messages', which is there too; send one of them", "input")
    read = text_or_objects(given, "input")
    return [{"role": "user", "content": read}] if isinstance(read, str) else [item for item, _ in read], "input"


def as_chat(request: Mapping[str, Any]) -> dict[str, Any]:
    """Return the request with `reasoning` and `text` of the Responses API in Chat's fields, where those are free."""
    reasoning, text = get_object(request, "reasoning"), get_object(request, "text")
    meant = {
        "reasoning_effort": reasoning.get("effort"),
        "reasoning_summary": reasoning.get("summary"),
        "response_format": text.get("format"),
        "verbosity": text.get("verbosity"),
    }
    free = {name: value for name, value in meant.items() if value is not None and request.get(name) is None}
    return {**request, **free}
