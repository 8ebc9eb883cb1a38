"""Any configuration is settings, or problems with their places: no value makes a plugin or the loader fail."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st
from jackfield.config import Document, compose, core_schema, masked
from jackfield.config.diff import changes
from jackfield.config.load import inspect
from jackfield.config.section import Section
from jackfield.config.text import paths
from jackfield.config.text.compare import same
from jackfield.config.text.edit import EditError
from jackfield.model.errors import ConfigError
from jackfield.plugins.manager import Plugins

PLUGINS = Plugins.discover()
SCHEMA = compose(core_schema(), PLUGINS.config_schemas())
SECTIONS = Section.all(SCHEMA)
ENVIRONMENT = {"KEY": "sk-canary-0123456789"}

TEXTS = st.sampled_from(
    ["http://a/v1", "https://b.example/v1", "env:KEY", "env:", "file:/nope", "file:~nobody-here/x", "~nobody-here/x"]
) | st.sampled_from(
    ["fox", "Fox ", " ", "gpt-5", "codex", "packycode", "", "a\0b", "\ud800", "\ud83d\ude00", "********"]
)
STRINGS = TEXTS | st.text(max_size=8) | st.text(st.characters(), max_size=4)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | STRINGS
NAMES = st.sampled_from(
    [*SCHEMA["properties"], "providers", "name", "enabled", "base-url", "api-key", "credentials", "openai-api-key"]
)
ANYTHING = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES | st.text(max_size=3), inner, max_size=5),
    max_leaves=12,
)


def fitting(schema: Mapping[str, Any]) -> st.SearchStrategy[Any]:
    """Return values of the form that a part of the schema asks for, whatever else it says of them."""
    if "$ref" in schema:
        return fitting(SCHEMA["$defs"][schema["$ref"].rpartition("/")[2]])
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    if branches := schema.get("anyOf") or schema.get("oneOf"):
        return st.one_of([fitting(branch) for branch in branches])
    kinds = schema.get("type", "null")
    if isinstance(kinds, list):
        return st.one_of([fitting({**schema, "type": kind}) for kind in kinds])
    return _OF_KIND[kinds](schema)


def _mapping(schema: Mapping[str, Any]) -> st.SearchStrategy[Any]:
    keys = {key: fitting(part) for key, part in schema.get("properties", {}).items()}
    others = schema.get("additionalProperties")
    if isinstance(others, Mapping):
        return st.dictionaries(st.sampled_from(["x-one", "authorization", "a b"]), fitting(others), max_size=2)
    needed = {key: keys.pop(key) for key in schema.get("required", [])}
    return st.fixed_dictionaries(needed, optional=keys)


_OF_KIND = {
    "null": lambda schema: st.none(),
    "boolean": lambda schema: st.booleans(),
    "integer": lambda schema: st.integers(schema.get("minimum", -3), schema.get("maximum", 10**6)),
    "number": lambda schema: st.floats(schema.get("minimum", -3), schema.get("maximum", 10**6)),
    "string": lambda schema: STRINGS,
    "array": lambda schema: st.lists(fitting(schema.get("items", {})), max_size=3),
    "object": _mapping,
}


def looked_at(data: Mapping[str, Any]) -> bool:
    """Look at a configuration as the program does, and show it as the program does; return whether it holds."""
    document = Document.parse(json.dumps(data))  # JSON is YAML, and writes any character
    settings, problems = inspect(document, SCHEMA, PLUGINS.check_config, ENVIRONMENT)
    for problem in problems:
        assert f"{problem} {problem.sentence}".encode()
        paths.parse(problem.path)
    assert json.dumps(masked(settings))
    assert changes(settings.data, settings.data) == []
    for section in SECTIONS.values():
        assert json.dumps(section.shown(document)).encode()
    if holds := all(problem.warning for problem in problems):
        PLUGINS.credentials(settings)
        PLUGINS.models(settings)
        PLUGINS.watched_files(settings)
        PLUGINS.serve_flags(settings)
    assert [(info.name, info.error) for info in PLUGINS.broken] == []
    return holds


@given(fitting(SCHEMA) | st.dictionaries(NAMES, ANYTHING, max_size=6))
@example({"codex-login": ["a\0b"]})
@example({"codex-login": [{"path": "~nobody-here/x"}]})
@example({"statistics": {"path": "~nobody-here/x"}})
@example({"statistics": {"path": "\0"}})
@example({"proxy-url": "file:~nobody-here/x"})
@example({"codex-api-key": [{"api-key": "\ud800", "base-url": "\ud800"}]})
def test_any_configuration_holds_or_is_told_what_is_wrong(data: dict[str, Any]) -> None:
    looked_at(data)


def test_some_hold() -> None:
    assert looked_at({"tppc": {"providers": [{"name": "\ud83d\ude00"}]}}) is False
    assert looked_at({"tppc": {"providers": [{"name": "fox"}]}, "codex-login": ["~nobody-here/x"]}) is True


def is_text(value: Any) -> bool:
    """Return False for what has half a character in it: no JSON that was read has any."""
    try:
        return bool(json.dumps(value, ensure_ascii=False).encode())
    except UnicodeEncodeError:
        return False


@given(data=st.data(), merge=st.booleans())
def test_what_is_written_through_a_section_is_read_back(data: st.DataObject, merge: bool) -> None:
    section = SECTIONS[data.draw(st.sampled_from(list(SECTIONS)))]
    form = fitting(SCHEMA["properties"][section.key])
    old, new = data.draw(ANYTHING | form), data.draw((ANYTHING | form).filter(is_text))
    document = Document.parse(f"first: 1 # one\n{section.key}: {json.dumps(old)} # two\nlast: 3 # three\n")
    try:
        value = (section.patched if merge else section.replaced)(document, new)
        text = section.rewritten(document.text, value)
    except (ConfigError, EditError):
        return
    assert same(Document.parse(text).data, {"first": 1, section.key: value, "last": 3})
    assert text.startswith("first: 1 # one\n")
    assert text.endswith("last: 3 # three\n")
