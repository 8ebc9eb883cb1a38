"""Web searches that the upstream ran: the pair of blocks that Messages has for them, and citations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from ...responses import Search
from .answer_parts import DIRECT, Close, Grow, Growth, Open, Part
from .ids import tool_id


def search_blocks(search: Search, number: int, position: int) -> Iterator[Part]:
    """Yield a `server_tool_use` block and its result; without the pair, Claude Code counts no search.

    `number` makes an id where the upstream gave none.
    """
    identity = "srvtoolu_" + (tool_id(search.id.removeprefix("ws_")) or str(number))
    use = {"type": "server_tool_use", "id": identity, "name": "web_search", "input": {}, "caller": DIRECT}
    yield Open(use, position)
    yield Grow(Growth.JSON, orjson.dumps({"query": search.query}).decode())
    yield Close()
    found = {"type": "web_search_tool_result", "tool_use_id": identity, "content": _results(search), "caller": DIRECT}
    yield Open(found, position)
    yield Close()


def _results(search: Search) -> list[dict[str, Any]]:
    """Return what the search found, each page once."""
    found: dict[str, dict[str, Any]] = {}
    for source in search.sources:
        url, title = source.get("url"), source.get("title")
        if isinstance(url, str) and url:
            named = title if isinstance(title, str) and title else url
            found.setdefault(url, {"type": "web_search_result", "url": url, "title": named, "encrypted_content": ""})
    return list(found.values())


def citation(annotation: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the citation that a note on a text means; None for notes that are no links."""
    url, title = annotation.get("url"), annotation.get("title")
    if annotation.get("type") != "url_citation" or not isinstance(url, str) or not url:
        return None
    return {
        "type": "web_search_result_location",
        "url": url,
        "title": title if isinstance(title, str) else None,
        "cited_text": "",
        "encrypted_index": "",
    }
