"""What a jsonschema error is called in plain words: what is wrong, what was found, how to mend it.

No value that is a secret, or that may hold one, is ever quoted.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

import orjson

from ..text import paths
from .view import Schema, View

Failure = Any
"""A jsonschema ValidationError; its types call every attribute possibly unset, which is never so once it was raised."""

LONGEST_QUOTE = 40
"""Longer values are not quoted in messages."""


@dataclass(frozen=True, slots=True)
class Said:
    """One sentence about one place.

    `below` leads from the error's place to the key meant; `inside` is True when that key is there and can be left out.
    """

    message: str
    fix: str = ""
    below: paths.Path = ()
    inside: bool = False


_KINDS: Mapping[str, str] = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "a mapping",
    "null": "nothing",
}

_USERINFO = re.compile(r"(?<=://)[^/@\s]+(?=@)")


def explain(error: Failure, place: paths.Path, view: View) -> Iterator[Said]:
    """Yield what is to be said about an error at `place`; `view` is what the schema says about that place."""
    if error.validator == "additionalProperties":
        yield from _unknown_keys(error, place, view)
    elif error.validator == "required":
        yield from _required(error, view)
    elif error.validator == "type" or error.validator in ("anyOf", "oneOf"):
        yield _wrong_type(error, view)
    elif error.validator in ("enum", "const"):
        yield _not_allowed(error, view)
    else:
        yield _other(error, view)


def nearest(word: str, known: Iterable[str]) -> str:
    """Return the known word that was most likely meant; "" when none is near."""
    by_form = {each.lower().replace("_", "-"): each for each in known}
    close = get_close_matches(word.lower().replace("_", "-"), by_form, n=1, cutoff=0.75)
    return by_form[close[0]] if close else ""


def plugin_hint(key: str) -> str:
    """Return how to get the plugin that might know a top-level key."""
    name = re.sub(r"[^a-z0-9]+", "-", key.lower()).strip("-")
    return f"install its plugin, such as `pip install jackfield-{name}`; `jackfield plugins` shows which are here"


def shown(value: object, view: View) -> str:
    """Return a value as messages quote it: `the number 3`, `the text "x"`; only its kind when it may be secret."""
    kind = kind_of(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, (str, int, float)) or view.holds_secret():
        return kind
    if isinstance(value, str):
        quoted = orjson.dumps(without_userinfo(value)).decode()
        return f"the text {quoted}" if len(quoted) <= LONGEST_QUOTE + 2 else "a longer text"
    return f"the number {value}" if len(str(value)) <= LONGEST_QUOTE else kind


def kind_of(value: object) -> str:
    """Return what a value is in plain words: `a list`, `text`, `nothing`."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true or false"
    kinds = {str: "text", int: "a number", float: "a number", list: "a list", dict: "a mapping"}
    return next((words for form, words in kinds.items() if isinstance(value, form)), "something else")


def without_userinfo(url: str) -> str:
    """Return a URL with its user name and password masked; other text as it is."""
    return _USERINFO.sub("***", url)


def _unknown_keys(error: Failure, place: paths.Path, view: View) -> Iterator[Said]:
    named = error.schema.get("properties", {})
    patterns = error.schema.get("patternProperties", {})
    for key in error.instance:
        if key not in named and not any(re.search(pattern, key) for pattern in patterns):
            yield Said("unknown key", _unknown_fix(key, place, view, named), (key,), inside=True)


def _unknown_fix(key: str, place: paths.Path, view: View, named: Schema) -> str:
    if close := nearest(key, {**view.keys(), **named}):
        return f"did you mean `{close}`?"
    if not place:
        return f"remove it, or {plugin_hint(key)}"
    known = ", ".join(sorted(named))
    return f"remove it; known keys here: {known}" if known else "remove it"


def _required(error: Failure, view: View) -> Iterator[Said]:
    for key in error.validator_value:
        if key not in error.instance:
            yield Said("is required", f"add it: {view.key(key).said('description') or 'a value'}", (key,))


def _wrong_type(error: Failure, view: View) -> Said:
    wanted = list(dict.fromkeys(_wanted_types(error)))
    if not wanted:
        return _other(error, view)
    kinds = " or ".join(_KINDS.get(kind, kind) for kind in wanted)
    if error.instance is None:
        return Said(f"is empty, where {kinds} belongs", _type_fix(error, wanted[0], view) + ", or remove the key")
    return Said(f"must be {kinds}, not {shown(error.instance, view)}", _type_fix(error, wanted[0], view))


def _wanted_types(error: Failure) -> Iterator[str]:
    alternatives = [each for each in error.context or () if not each.path]
    for each in alternatives or [error]:
        if each.validator == "type":
            wanted = each.validator_value
            yield from [wanted] if isinstance(wanted, str) else wanted


def _type_fix(error: Failure, wanted: str, view: View) -> str:
    if fix := view.said("x-fix"):
        return str(fix)
    default = view.said("default")
    such_as = f" such as {default}" if default not in (None, "", [], {}) and not isinstance(default, bool) else ""
    value = error.instance
    if wanted == "string":
        return "put it in quotes" if isinstance(value, (int, float)) else f"write text{such_as}"
    if wanted in ("integer", "number"):
        unquoted = isinstance(value, str) and value.strip().lstrip("-").isdecimal()
        return "write it without quotes" if unquoted else f"write {_KINDS[wanted]}{such_as}"
    fixes = {
        "boolean": "write true or false, without quotes",
        "array": "write a list: each item on a line of its own, after `- `",
        "object": "write `key: value` lines, indented below it",
    }
    return fixes.get(wanted, f"write {_KINDS.get(wanted, wanted)}{such_as}")


def _not_allowed(error: Failure, view: View) -> Said:
    values = error.validator_value if error.validator == "enum" else [error.validator_value]
    allowed = ", ".join(_plain(value) for value in values if value != "")
    close = nearest(error.instance, filter(None, map(str, values))) if isinstance(error.instance, str) else ""
    hint = f"; did you mean {close}?" if close else ""
    found = "is empty" if error.instance is None else f"cannot be {shown(error.instance, view)}"
    return Said(found, f"write {'one of ' if len(values) > 1 else ''}{allowed}{hint}")


def _plain(value: object) -> str:
    return value if isinstance(value, str) else orjson.dumps(value).decode()


def _other(error: Failure, view: View) -> Said:
    say = _SENTENCES.get(error.validator)
    fix = str(view.said("x-fix") or "")
    if say is None:
        return Said("does not have the form that its schema asks for", fix or "see `jackfield config schema`")
    message, default_fix = say(error.validator_value, shown(error.instance, view))
    return Said(message, fix or default_fix)


_SENTENCES: Mapping[object, Callable[[Any, str], tuple[str, str]]] = {
    "minimum": lambda bound, got: (f"must be at least {bound}, not {got}", f"write {bound} or more"),
    "maximum": lambda bound, got: (f"must be at most {bound}, not {got}", f"write {bound} or less"),
    "exclusiveMinimum": lambda bound, got: (f"must be more than {bound}, not {got}", f"write more than {bound}"),
    "exclusiveMaximum": lambda bound, got: (f"must be less than {bound}, not {got}", f"write less than {bound}"),
    "multipleOf": lambda step, got: (f"must be a multiple of {step}, not {got}", f"write a multiple of {step}"),
    "minLength": lambda size, _: (
        ("is empty", "write a value, or remove it")
        if size == 1
        else (f"must have at least {size} characters", "write a longer one")
    ),
    "maxLength": lambda size, _: (f"must have at most {size} characters", "write a shorter one"),
    "pattern": lambda pattern, got: (f"has another form than it must: {got}", f"it must match {pattern}"),
    "format": lambda name, got: (f"must be of the form {name}, not {got}", f"write a proper {name}"),
    "minItems": lambda size, _: (f"must have at least {size} items", "add items"),
    "maxItems": lambda size, _: (f"must have at most {size} items", "remove items"),
    "uniqueItems": lambda _, __: ("names the same thing twice", "keep one of them"),
    "minProperties": lambda size, _: (f"must have at least {size} keys", "add keys"),
    "maxProperties": lambda size, _: (f"must have at most {size} keys", "remove keys"),
}
