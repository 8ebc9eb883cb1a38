from __future__ import annotations

from typing import Any

import pytest
from jackfield.config.schema.view import View
from jackfield.config.text import paths

SECRET = {"type": "string", "x-secret": True}
SCHEMA: dict[str, Any] = {
    "properties": {
        "plain": {"type": "string"},
        "secret": SECRET,
        "list": {"items": SECRET},
        "pair": {"prefixItems": [{}, SECRET]},
        "map": {"properties": {"known": {}}, "additionalProperties": SECRET},
        "headers": {"patternProperties": {"^x-": SECRET}},
        "either": {"anyOf": [{}, SECRET]},
        "tree": {"$ref": "#/$defs/node"},
        "loop": {"$ref": "#/$defs/loop"},
    },
    "allOf": [{"if": {"required": ["plain"]}, "then": {"properties": {"later": SECRET}}}],
    "$defs": {
        "node": {"properties": {"child": {"$ref": "#/$defs/node"}, "key": SECRET}},
        "loop": {"$ref": "#/$defs/loop"},
    },
}


@pytest.mark.parametrize(
    ("path", "secret"),
    [
        (("plain",), False),
        (("secret",), True),
        (("list",), False),
        (("list", 3), True),
        (("pair", 0), False),
        (("pair", 1), True),
        (("map", "any"), True),
        (("map", "known"), False),
        (("headers", "x-key"), True),
        (("headers", "other"), False),
        (("either",), True),
        (("tree", "child", "child", "key"), True),
        (("later",), True),
        (("loop",), False),
        (("nowhere", "at", 0, "all"), False),
    ],
)
def test_a_secret_is_found_wherever_the_schema_says_it(path: paths.Path, secret: bool) -> None:
    assert View.of(SCHEMA).at(path).secret is secret


@pytest.mark.parametrize("key", ["secret", "list", "pair", "map", "headers", "either", "tree"])
def test_a_value_that_may_hold_a_secret_is_known(key: str) -> None:
    assert View.of(SCHEMA).key(key).holds_secret()


@pytest.mark.parametrize("key", ["plain", "loop", "nowhere"])
def test_a_value_without_secrets_is_known_too(key: str) -> None:
    assert not View.of(SCHEMA).key(key).holds_secret()
