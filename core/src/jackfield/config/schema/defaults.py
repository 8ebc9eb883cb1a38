"""Filling in what a schema declares as `default`, at every depth."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .view import View, is_list, is_map


def filled(value: Any, view: View) -> Any:
    """Return a copy of `value` with every absent key that has a default.

    A mapping that is absent and has no default of its own stays absent, whatever its keys declare.
    """
    if is_map(value):
        return _mapping(value, view)
    if is_list(value):
        return [filled(item, view.item(index)) for index, item in enumerate(value)]
    return value


def _mapping(value: Mapping[str, Any], view: View) -> dict[str, Any]:
    complete = dict(value)
    for schema in view.schemas:
        for key, part in schema.get("properties", {}).items():
            declared = view.referred(part)
            if key not in complete and is_map(declared) and "default" in declared:
                complete[key] = declared["default"]
    return {key: filled(part, view.key(key)) for key, part in complete.items()}
