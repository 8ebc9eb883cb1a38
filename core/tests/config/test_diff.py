from __future__ import annotations

from typing import Any

import pytest
from jackfield.config.diff import changes
from jackfield.model.secret import Secret

A, B = Secret("canary-a"), Secret("canary-b")
FOX, OWL = {"name": "fox", "key": A, "on": True}, {"name": "owl", "key": B, "on": False}


@pytest.mark.parametrize(
    ("old", "new", "lines"),
    [
        ({"a": 1}, {"a": 1}, []),
        ({"acme": {"enabled": False}}, {"acme": {"enabled": True}}, ["acme.enabled: false -> true"]),
        ({"a": {"key": A}}, {"a": {"key": B}}, ["a.key: updated"]),
        ({"a": {"key": Secret("")}}, {"a": {"key": B}}, ["a.key: updated"]),
        ({"a": A}, {}, ["a: updated"]),
        ({"a": ""}, {"a": "x"}, ['a: "" -> x']),
        ({"a": None}, {"a": 1.5}, ["a: unset -> 1.5"]),
        ({}, {"a": 1}, ["a: unset -> 1"]),
        ({"a": None}, {"a": {"b": 1}}, ["a.b: unset -> 1"]),
        ({"a": {"b": 1}}, {"a": None}, ["a.b: 1 -> unset"]),
        ({"a": ("x",)}, {"a": ("x", True)}, ["a: [x] -> [x, true]"]),
        ({"a": (FOX, OWL)}, {"a": (OWL, FOX)}, []),
        ({"a": (FOX,)}, {"a": (FOX, OWL)}, ["a[owl]: added"]),
        ({"a": (FOX, OWL)}, {"a": (OWL,)}, ["a[fox]: removed"]),
        ({"a": (FOX,)}, {"a": ({**FOX, "on": False, "key": B},)}, ["a[fox].key: updated", "a[fox].on: true -> false"]),
        ({"a": ()}, {"a": (FOX,)}, ["a[fox]: added"]),
        ({"a": (FOX,)}, {"a": ()}, ["a[fox]: removed"]),
        ({"a": (A,)}, {"a": (A, B)}, ["a[1]: added"]),
        ({"a": ({"k": A},)}, {"a": ({"k": B},)}, ["a[0].k: updated"]),
        ({"a": ({"k": A, "l": ({"m": 1},)},)}, {"a": ()}, ["a[0]: removed"]),
        ({"a": {"b": ()}}, {"a": {"b": ("x",)}}, ["a.b: [] -> [x]"]),
    ],
)
def test_a_change_is_a_line_a_key(old: Any, new: Any, lines: list[str]) -> None:
    assert changes(old, new) == lines
