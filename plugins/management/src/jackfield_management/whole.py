"""The configuration as a whole: as JSON without its secrets, and the file itself."""

from __future__ import annotations

from typing import Any

from jackfield.api import MASK, ConfigError, Document
from quart import Response

from . import keys
from .answers import Faulty, as_json, plain
from .bodies import read_text
from .sections import Handlers
from .store import Snapshot, Store, errors, etag

YAML = "application/yaml"


def config(store: Store) -> Handlers:
    """Return the route of the whole configuration as JSON."""

    async def get() -> Response:
        snapshot = await store.read()
        return as_json(_shown(store, snapshot), 200, snapshot.headers)

    return {"GET": get}


def _shown(store: Store, snapshot: Snapshot) -> dict[str, Any]:
    shown = {key: section.shown(snapshot.document) for key, section in store.sections.items()}
    management = shown[keys.SECTION]
    if isinstance(management, dict) and management.get(keys.KEY):
        management[keys.KEY] = MASK
    return shown


def file(store: Store) -> Handlers:
    """Return the routes of the file's text: GET gives it as it stands, PUT replaces it when the new one holds."""

    async def get() -> Response:
        text = await store.text()
        return plain(text, YAML, 200, etag(text))

    async def put() -> Response:
        new = await read_text()
        try:
            snapshot = await store.write(lambda _: _checked(store, new))
        except ConfigError as error:
            raise Faulty("config", errors(error.problems), heading="invalid configuration") from None
        return plain(snapshot.document.text, YAML, 200, snapshot.headers)

    return {"GET": get, "PUT": put}


def _checked(store: Store, text: str) -> str:
    """Return the text as it may be stored. Raises ConfigError when masks stand in it instead of secrets."""
    document = Document.parse(text)
    if problems := [problem for section in store.sections.values() for problem in section.masks(document)]:
        raise ConfigError(problems)
    return keys.with_hash(text, store.sections[keys.SECTION])
