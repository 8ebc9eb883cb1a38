"""The routes of single keys of the configuration: blocks, switches and lists, whatever plugin they belong to."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from jackfield.api import Document, Host, Problem, Section
from quart import Response, request

from .answers import Faulty, Refused, as_json
from .bodies import read_json, read_value
from .store import Snapshot, Store

Handler = Callable[[], Awaitable[Response]]
Handlers = dict[str, Handler]
"""By method."""


def block(host: Host, store: Store, section: Section) -> Handlers:
    """Return the routes of a mapping: GET, PUT (replaces it), PATCH (merges into it)."""

    def answer(snapshot: Snapshot) -> Response:
        shown = section.shown(snapshot.document)
        return as_json({**shown, **_told(host, section)} if isinstance(shown, dict) else shown, 200, snapshot.headers)

    async def get() -> Response:
        return answer(await store.read())

    async def put() -> Response:
        new = await read_value(section.key)
        return answer(await store.change(section, lambda document: section.replaced(document, new)))

    async def patch() -> Response:
        new = _mapping(section, await read_value(section.key))
        return answer(await store.change(section, lambda document: section.patched(document, new)))

    return {"GET": get, "PUT": put, "PATCH": patch}


def _mapping(section: Section, patch: Any) -> Any:
    if not isinstance(patch, dict):
        raise Faulty(section.key, [Problem(section.key, "must be a mapping", "send an object of the keys to change")])
    return patch


def _told(host: Host, section: Section) -> dict[str, Any]:
    """Return the read-only keys, as the credential that the block brought tells them."""
    source = f"config:{section.key}"
    attributes = [each.attributes for each in host.credentials.found if each.attributes.get("source") == source]
    return {
        key: next((str(each[name]) for each in attributes if (name := key.replace("-", "_")) in each), None)
        for key in section.read_only
    }


def switch(store: Store, section: Section) -> Handlers:
    """Return the routes of a key that is true or false; PUT and PATCH take it by its name or as `value`."""

    def answer(snapshot: Snapshot) -> Response:
        return as_json({section.key: section.shown(snapshot.document)}, 200, snapshot.headers)

    async def get() -> Response:
        return answer(await store.read())

    async def put() -> Response:
        body = await read_json()
        names = {"value", section.key}
        if not isinstance(body, dict) or len(body) != 1 or not names.issuperset(body):
            fix = f'send {{"value": true}} or {{"{section.key}": true}}'
            raise Faulty(section.key, [Problem(section.key, "is not what the body tells, or not alone", fix)])
        [value] = body.values()
        return answer(await store.change(section, lambda _: value))

    return {"GET": get, "PUT": put, "PATCH": put}


def entries(store: Store, section: Section) -> Handlers:
    """Return the routes of a list.

    PUT replaces it; PATCH adds entries, or changes one: `{"index": 0, "value": ...}`; DELETE removes `?index=`.
    """

    def answer(snapshot: Snapshot) -> Response:
        return as_json({section.key: section.shown(snapshot.document)}, 200, snapshot.headers)

    async def get() -> Response:
        return answer(await store.read())

    async def put() -> Response:
        new = await read_value(section.key)
        return answer(await store.change(section, lambda document: section.replaced(document, new)))

    async def patch() -> Response:
        new = await read_value(section.key)
        return answer(await store.change(section, lambda document: _patched(section, document, new)))

    async def delete() -> Response:
        index = _index_asked()
        return answer(await store.change(section, lambda document: _without(section, document, index)))

    return {"GET": get, "PUT": put, "PATCH": patch, "DELETE": delete}


def _patched(section: Section, document: Document, patch: Any) -> Any:
    if isinstance(patch, dict) and set(patch) == {"index", "value"} and type(patch["index"]) is int:
        _entry(section, document, patch["index"])
        return section.with_entry(document, patch["index"], patch["value"])
    if isinstance(patch, list):
        return section.with_entries(document, patch)
    fix = 'send a list of entries to add, or {"index": 0, "value": ...} to change one'
    raise Faulty(section.key, [Problem(section.key, "cannot be changed by this", fix)])


def _without(section: Section, document: Document, index: int) -> list[Any]:
    old = _entry(section, document, index)
    return [*old[:index], *old[index + 1 :]]


def _entry(section: Section, document: Document, index: int) -> list[Any]:
    """Return the list, which has an entry of this index. Raises Refused (404)."""
    old = section.written(document)
    if not isinstance(old, list) or not 0 <= index < len(old):
        raise Refused(404, f"{section.key} has no entry {index}", "entries count from 0")
    return old


def _index_asked() -> int:
    asked = request.args.getlist("index")
    if len(asked) != 1 or not (asked[0].isascii() and asked[0].isdigit() and len(asked[0]) < 10):
        raise Refused(400, "which entry?", "name it: DELETE ...?index=0; PUT with an empty list removes all")
    return int(asked[0])
