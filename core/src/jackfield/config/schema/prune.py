"""What remains of a document when its faulty parts are left out, so that the rest can be checked in the same go."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from ..text import paths
from ..text.document import Document
from .validate import findings
from .view import Schema


def pruned(document: Document, schema: Schema) -> Document:
    """Return the largest part of the document that follows the schema; a list with a faulty item goes as a whole."""
    while drops := {finding.drop for finding in findings(document, schema)}:
        kept = without(document.data, drops)
        if kept == document.data:
            break
        document = replace(document, data=kept)
    return document


def without(data: Mapping[str, Any], drops: Iterable[paths.Path]) -> dict[str, Any]:
    """Return a copy of the data without these places; an item takes its list along, lest the others move up."""
    keys = {_last_key(drop) for drop in drops}
    return {} if () in keys else _without(data, (), keys)


def _last_key(drop: paths.Path) -> paths.Path:
    while drop and isinstance(drop[-1], int):
        drop = drop[:-1]
    return drop


def _without(value: Any, path: paths.Path, drops: set[paths.Path]) -> Any:
    if isinstance(value, dict):
        kept = {key: part for key, part in value.items() if (*path, key) not in drops}
        return {key: _without(part, (*path, key), drops) for key, part in kept.items()}
    if isinstance(value, list):
        return [_without(item, (*path, index), drops) for index, item in enumerate(value)]
    return value
