"""Typed, lenient readers for fields of a JSON request.

A field that is missing or null counts as absent. A field of the wrong type is the client's mistake: each reader raises
a ClientError of status 400 that names the place, such as `messages[3].content[0].type`. Fields that nobody reads are
never looked at, so unknown ones are tolerated.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

from ...model.errors import ClientError, invalid_request

_T = TypeVar("_T")

_EXPECTED: Mapping[type, str] = {
    str: "a string",
    list: "a list",
    dict: "an object",
    bool: "true or false",
    int: "a number",
    float: "a number",
    type(None): "null",
}


def join(path: str, key: str) -> str:
    """Return the path of `key` inside the object at `path` ("" is the top of the body)."""
    return f"{path}.{key}" if path else key


def _named(value: object) -> str:
    return _EXPECTED.get(type(value), "a number")  # one beyond 64 bits is a fragment (`request.exact`)


def wrong_type(path: str, expected: type, value: object) -> ClientError:
    """Return the 400 for a value of the wrong type."""
    return invalid_request(f"{path}: must be {_EXPECTED[expected]}, not {_named(value)}", path)


def missing(path: str) -> ClientError:
    """Return the 400 for a required field that is absent."""
    return invalid_request(f"{path}: this field is required", path)


def _get(owner: Mapping[str, Any], key: str, path: str, kind: type[_T]) -> _T | None:
    value = owner.get(key)
    if value is None or type(value) is kind:
        return value
    raise wrong_type(join(path, key), kind, value)


def _need(owner: Mapping[str, Any], key: str, path: str, kind: type[_T]) -> _T:
    value = _get(owner, key, path, kind)
    if value is None:
        raise missing(join(path, key))
    return value


def get_text(owner: Mapping[str, Any], key: str, path: str = "", default: str = "") -> str:
    """Return the string `owner[key]`, `default` when it is absent."""
    value = _get(owner, key, path, str)
    return default if value is None else value


def need_text(owner: Mapping[str, Any], key: str, path: str = "") -> str:
    """Return the string `owner[key]`, which must be there and not be empty."""
    value = _need(owner, key, path, str)
    if not value:
        raise invalid_request(f"{join(path, key)}: must not be empty", join(path, key))
    return value


def get_flag(owner: Mapping[str, Any], key: str, path: str = "", *, default: bool = False) -> bool:
    """Return the boolean `owner[key]`, `default` when it is absent."""
    value = _get(owner, key, path, bool)
    return default if value is None else value


def get_number(owner: Mapping[str, Any], key: str, path: str = "") -> float | None:
    """Return the number `owner[key]`, None when it is absent."""
    value = owner.get(key)
    if value is None or type(value) is int or type(value) is float:
        return value
    raise wrong_type(join(path, key), int, value)


def get_object(owner: Mapping[str, Any], key: str, path: str = "") -> dict[str, Any]:
    """Return the object `owner[key]`, an empty one when it is absent."""
    return _get(owner, key, path, dict) or {}


def need_object(owner: Mapping[str, Any], key: str, path: str = "") -> dict[str, Any]:
    """Return the object `owner[key]`, which must be there."""
    return _need(owner, key, path, dict)


def get_list(owner: Mapping[str, Any], key: str, path: str = "") -> list[Any]:
    """Return the list `owner[key]`, an empty one when it is absent."""
    return _get(owner, key, path, list) or []


def need_list(owner: Mapping[str, Any], key: str, path: str = "") -> list[Any]:
    """Return the list `owner[key]`, which must be there."""
    return _need(owner, key, path, list)


def objects(values: list[Any], path: str) -> Iterator[tuple[dict[str, Any], str]]:
    """Yield each element of a list with its path; every one must be an object."""
    for index, value in enumerate(values):
        place = f"{path}[{index}]"
        if type(value) is not dict:
            raise wrong_type(place, dict, value)
        yield value, place


def text_or_objects(value: object, path: str) -> str | list[tuple[dict[str, Any], str]]:
    """Return what may be a string or a list of objects, such as `content`; an absent one is an empty list."""
    if type(value) is str:
        return value
    if value is None:
        return []
    if type(value) is not list:
        raise invalid_request(f"{path}: must be a string or a list, not {_named(value)}", path)
    return list(objects(value, path))
