"""Walks the typed requests of the SDKs, so that a test can ask of every member whether the dialects know it.

`members` goes through unions, aliases, lists and annotations; `tags` says what a member is called on the wire; `fields`
what it holds; `silent` finds what is on no list. A key of a list that ends in `*` stands for every name that begins so.
"""

from __future__ import annotations

import typing
from collections.abc import Iterable, Iterator
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints

from pydantic import BaseModel
from typing_extensions import is_typeddict


def members(union: Any) -> Iterator[type]:
    """Yield every typed dict and model that a type lets in, each once, in the SDK's order."""
    seen: set[Any] = set()
    waiting = [union]
    while waiting:
        kind = waiting.pop(0)
        if is_typeddict(kind) or (isinstance(kind, type) and issubclass(kind, BaseModel)):
            if kind not in seen:
                seen.add(kind)
                yield kind
        elif get_origin(kind) is Annotated:
            waiting.insert(0, get_args(kind)[0])
        elif get_origin(kind) is not Literal:
            waiting[:0] = get_args(kind)


def fields(member: type) -> dict[str, Any]:
    """Return the fields of a member with their types, those that it inherits too."""
    if issubclass(member, BaseModel):
        return {field.alias or name: field.annotation for name, field in member.model_fields.items()}
    return {name: _bare(kind) for name, kind in get_type_hints(member, include_extras=True).items()}


def _bare(kind: Any) -> Any:
    """Return a type without `Required`, `NotRequired` and `Annotated` around it."""
    while get_origin(kind) in (typing.Required, typing.NotRequired, Annotated):
        kind = get_args(kind)[0]
    return kind


def tags(member: type, key: str = "type") -> list[str]:
    """Return the names by which a member is told on the wire: the literals of its field `key`, if any."""
    return list(_literals(fields(member).get(key)))


def _literals(kind: Any) -> Iterator[str]:
    for inner in get_args(kind):
        if isinstance(inner, str):
            yield inner
        else:
            yield from _literals(inner)


def tagged(union: Any, key: str = "type") -> dict[str, type]:
    """Return the members of a union by their tags; a member without a tag is under ""."""
    return {tag: member for member in members(union) for tag in (tags(member, key) or [""])}


def silent(found: Iterable[str], *lists: Iterable[str]) -> list[str]:
    """Return, sorted, which of the names found are on none of the lists."""
    keys = {key for known in lists for key in known}
    starts = tuple(key[:-1] for key in keys if key.endswith("*"))
    return sorted({name for name in found if name not in keys and not (starts and name.startswith(starts))})
