"""A section as it is shown, replaced and patched. The file's side is shown by the management plugin's tests."""

from __future__ import annotations

from typing import Any

import pytest
from jackfield.config.section import Section
from jackfield.config.text.document import Document
from jackfield.model.errors import ConfigError, Problem

ACME = {
    "type": "object",
    "x-plugin": "acme",
    "additionalProperties": False,
    "default": {},
    "properties": {
        "enabled": {"type": "boolean", "default": False},
        "size": {"type": "integer", "default": 1},
        "key": {"type": "string", "x-secret": True, "default": ""},
        "told": {"type": ["string", "null"], "readOnly": True, "default": None},
        "free": {"type": "string"},
        "inner": {"type": "object", "default": {}, "properties": {"a": {"type": "integer", "default": 5}}},
        "items": {
            "type": "array",
            "default": [],
            "items": {
                "type": "object",
                "properties": {"name": {"type": "string"}, "n": {"type": "integer", "default": 0}},
            },
        },
    },
}
SCHEMA = {
    "type": "object",
    "properties": {
        "acme": ACME,
        "keys": {"type": "array", "default": [], "items": {"type": "string", "x-secret": True}},
        "loud": {"type": "boolean", "default": False},
        "any": {"type": ["string", "null"]},
    },
}
SECTIONS = Section.all(SCHEMA)
ACME_SECTION, KEYS = SECTIONS["acme"], SECTIONS["keys"]


def document(data: Any = None) -> Document:
    return Document(data=data or {})


def test_sections_know_their_kind_and_whose_they_are() -> None:
    told = {key: (section.kind, section.plugin) for key, section in SECTIONS.items()}

    assert told == {"acme": ("object", "acme"), "keys": ("array", ""), "loud": ("boolean", ""), "any": ("", "")}
    assert ACME_SECTION.read_only == ("told",)


def test_a_section_is_shown_with_its_defaults() -> None:
    shown = {"enabled": False, "size": 1, "key": "", "told": None, "inner": {"a": 5}, "items": []}

    assert ACME_SECTION.shown(document()) == shown
    assert ACME_SECTION.shown(document({"acme": {"size": 3, "free": "x"}})) == shown | {"size": 3, "free": "x"}
    assert SECTIONS["loud"].shown(document({"loud": True})) is True


@pytest.mark.parametrize(
    ("old", "new", "stored"),
    [
        ({}, {"enabled": False, "size": 2}, {"size": 2}),
        ({"enabled": True}, {"enabled": False}, {"enabled": False}),
        ({}, {"enabled": 0, "size": 1.0}, {"enabled": 0, "size": 1.0}),
        ({}, {"inner": {"a": 5}}, {}),
        ({"inner": {}}, {"inner": {"a": 5}}, {"inner": {}}),
        ({}, {"items": [{"name": "x", "n": 0}]}, {"items": [{"name": "x"}]}),
        ({"told": "x"}, {"told": "y", "size": 2}, {"told": "x", "size": 2}),
        ({}, {"told": 5}, {}),
        ({}, {"unknown": None}, {"unknown": None}),
        ({}, "text", "text"),
        (None, {"free": ""}, {"free": ""}),
    ],
)
def test_a_section_is_stored_without_what_goes_without_saying(old: Any, new: Any, stored: Any) -> None:
    kept = ACME_SECTION.replaced(document({"acme": old} if old is not None else {}), new)

    assert repr(kept) == repr(stored)


OLD: dict[str, Any] = {"size": 2, "free": "x", "items": [{"name": "A", "n": 1}, {"name": "b"}]}


@pytest.mark.parametrize(
    ("patch", "change"),
    [
        ({}, {}),
        ({"size": 3}, {"size": 3}),
        ({"inner": {"a": 6}}, {"inner": {"a": 6}}),
        ({"items": []}, {"items": []}),
        ({"items": [{"name": "a", "n": 3}]}, {"items": [{"name": "A", "n": 3}, {"name": "b"}]}),
        ({"items": [{"name": "c"}]}, {"items": [*OLD["items"], {"name": "c"}]}),
        ({"items": [{"name": "b", "n": None}]}, {}),
        ({"items": [{"n": 1}]}, {"items": [*OLD["items"], {"n": 1}]}),
        ({"nobody": None}, {"nobody": None}),
    ],
)
def test_a_patch_changes_what_it_names(patch: Any, change: Any) -> None:
    assert ACME_SECTION.patched(document({"acme": OLD}), patch) == {**OLD, **change}


def test_null_takes_a_key_back_to_its_default() -> None:
    assert ACME_SECTION.patched(document({"acme": OLD}), {"size": None, "items": None}) == {"free": "x"}


def test_a_mask_without_a_value_is_refused() -> None:
    for change in (ACME_SECTION.replaced, ACME_SECTION.patched):
        with pytest.raises(ConfigError) as refused:
            change(document({"acme": {"size": 2}}), {"key": "********"})
        assert [problem.path for problem in refused.value.problems] == ["acme.key"]


def test_entries_are_added_once_and_changed_in_place() -> None:
    kept = document({"keys": ["sk-one-1234567", "env:TWO"]})

    assert KEYS.with_entries(kept, ["sk-o...67", "new", "new", "env:TWO"]) == ["sk-one-1234567", "env:TWO", "new"]
    assert KEYS.with_entries(document(), ["new"]) == ["new"]
    assert KEYS.with_entry(kept, 0, "new") == ["new", "env:TWO"]
    assert KEYS.with_entry(kept, 0, "********") == ["sk-one-1234567", "env:TWO"]


def test_masks_written_into_a_file_are_told() -> None:
    [problem] = KEYS.masks(document({"keys": ["fine", "sk-o...67"]}))

    assert problem.path == "keys[1]"


def test_a_section_holds_the_problems_of_its_places() -> None:
    assert ACME_SECTION.holds(Problem("acme", ""))
    assert ACME_SECTION.holds(Problem("acme.items[0].n", ""))
    assert KEYS.holds(Problem("keys[0]", ""))
    assert not ACME_SECTION.holds(Problem("acme-other.x", ""))
    assert not KEYS.holds(Problem("", ""))
