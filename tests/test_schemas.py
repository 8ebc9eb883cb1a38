"""The schemas and the example agree with each other. `test_docs.py` keeps the schema files in step with the code."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import orjson
import pytest
from jackfield.config import Document, load, validate
from jackfield.config.rules import is_example
from jackfield.model.errors import ConfigError
from jackfield.model.secret import Secret

ROOT = Path(__file__).resolve().parent.parent
EXAMPLE = ROOT / "config.example.yaml"
WITHOUT_KEYS = {"management", "setup"}
"""Plugins that read nothing of their own from the configuration."""
COMPOSED: dict[str, Any] = orjson.loads((ROOT / "schemas" / "config.schema.json").read_bytes())


def uncommented() -> str:
    """Return the example with its examples in force."""
    return re.sub(r"^#(?! [^ ]|$)", "", EXAMPLE.read_text("utf-8"), flags=re.MULTILINE)


def keys(schema: Mapping[str, Any], path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Yield the place of every key that may be written; items of lists have no step of their own."""
    for key, part in schema.get("properties", {}).items():
        if not part.get("readOnly"):
            yield (*path, key)
            yield from keys(part, (*path, key))
    if items := schema.get("items"):
        for form in (items, *items.get("anyOf", ())):
            yield from keys(form, path)


def test_there_is_a_schema_for_each_part() -> None:
    composed = {key: part.get("x-plugin", "core") for key, part in COMPOSED["properties"].items()}
    plugins = {file.parent.name for file in ROOT.glob("plugins/*/pyproject.toml")} - WITHOUT_KEYS

    assert set(composed.values()) == {"core"} | plugins
    for name in set(composed.values()):
        part = orjson.loads((ROOT / "schemas" / f"{name}.schema.json").read_bytes())
        assert set(part["properties"]) == {key for key, owner in composed.items() if owner == name}


def test_every_key_is_described() -> None:
    def undescribed(schema: Mapping[str, Any], place: str) -> Iterator[str]:
        for key, part in schema.get("properties", {}).items():
            if not part.get("description"):
                yield f"{place}{key}"
            yield from undescribed(part, f"{place}{key}.")
            yield from undescribed(part.get("items", {}), f"{place}{key}[].")

    assert list(undescribed(COMPOSED, "")) == []


def test_every_default_fits_its_own_schema() -> None:
    defaults = {key: part["default"] for key, part in COMPOSED["properties"].items() if "default" in part}

    assert validate(Document(data=defaults), COMPOSED) == []


def test_the_example_points_editors_at_the_schema() -> None:
    first = EXAMPLE.read_text("utf-8").splitlines()[0]

    assert first == "# yaml-language-server: $schema=./schemas/config.schema.json"
    assert (EXAMPLE.parent / first.partition("=")[2]).is_file()


def test_the_example_can_be_used_as_it_stands() -> None:
    loaded = load(Document.read(EXAMPLE), COMPOSED)

    assert loaded.warnings == ()
    assert loaded.settings == load(Document.read(EXAMPLE), COMPOSED).settings
    defaults = load(Document(), COMPOSED).settings
    assert (loaded.settings.limits, loaded.settings.routing) == (defaults.limits, defaults.routing)
    assert (loaded.settings.host, loaded.settings.port) == (defaults.host, defaults.port)


def test_the_example_names_every_key() -> None:
    lines = Document.parse(uncommented()).lines
    written = {tuple(step for step in path if isinstance(step, str)) for path in lines}

    assert set(keys(COMPOSED)) - written == set()


def test_what_the_example_comments_out_is_right_too() -> None:
    assert validate(Document.parse(uncommented()), COMPOSED) == []


def test_the_keys_that_the_example_prints_are_refused() -> None:
    printed = re.findall(r"\b(?:sk-)?your-[\w-]+", EXAMPLE.read_text("utf-8"))

    assert len(printed) >= 2
    assert all(is_example(Secret(key)) for key in printed)
    with pytest.raises(ConfigError, match="example"):
        load(Document.parse(uncommented()), COMPOSED, environ={"JACKFIELD_CLIENT_KEY": "k" * 20, "OPENAI_API_KEY": "k"})
