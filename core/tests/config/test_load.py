from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from jackfield.config import Document, Loaded, Settings, compose, core_schema, load, masked
from jackfield.model.errors import ConfigError, Problem

CANARY = "sk-canary-0123456789"

ACME: dict[str, Any] = {
    "type": "object",
    "properties": {
        "acme": {
            "type": "object",
            "additionalProperties": False,
            "properties": {
                "url": {"type": "string"},
                "privacy": {
                    "type": "object",
                    "properties": {"store": {"type": "boolean", "default": False}},
                    "default": {},
                },
                "extra": {"type": "object", "properties": {"a": {"type": "integer", "default": 1}}},
                "providers": {
                    "type": "array",
                    "default": [],
                    "items": {"$ref": "#/$defs/provider"},
                },
            },
        }
    },
    "$defs": {
        "provider": {
            "type": "object",
            "additionalProperties": False,
            "required": ["name"],
            "properties": {
                "name": {"type": "string"},
                "enabled": {"type": "boolean", "default": True},
                "url": {"type": "string", "default": ""},
                "api-key": {"type": "string", "x-secret": True, "default": ""},
            },
        }
    },
}
SCHEMA = compose(core_schema(), {"acme": ACME})


def given_text(text: str, **environ: str) -> Loaded:
    return load(Document.parse(text), SCHEMA, environ=environ)


def refused(text: str, **environ: str) -> list[Problem]:
    with pytest.raises(ConfigError) as caught:
        given_text(text, **environ)
    return list(caught.value.problems)


def needs_url(config: Settings) -> Iterator[Problem]:
    section = config.section("acme") or {"providers": ()}
    for index, provider in enumerate(section["providers"]):
        if not provider["url"]:
            yield Problem(f"acme.providers[{index}].url", "is required", "add it")


def test_schema_secrets_rules_and_plugins_are_heard_at_once_in_order() -> None:
    document = Document.parse(
        "acme:\n  providers:\n    - name: fox\n      bogus: 1\nport: x\nport: 2\napi-keys: [env:NOT_SET]\n"
        "remote-management: {secret-key: your-key}\n"
    )

    with pytest.raises(ConfigError) as caught:
        load(document, SCHEMA, needs_url, environ={})

    assert [(each.line, each.path) for each in caught.value.problems] == [
        (3, "acme.providers[0].url"),
        (4, "acme.providers[0].bogus"),
        (5, "port"),
        (6, "port"),
        (7, "api-keys[0]"),
        (8, "remote-management.secret-key"),
    ]


def test_one_mistake_is_told_once() -> None:
    for text in (
        "acme: {providers: [{name: fox, url: 5}]}",
        "acme: {providers: [{url: ''}]}",
        "host: 0.0.0.0\napi-keys: 5",
        "port: .nan",
    ):
        with pytest.raises(ConfigError) as caught:
            load(Document.parse(text), SCHEMA, needs_url)
        assert len(caught.value.problems) == 1, text


def test_a_plugins_warning_does_not_stop_the_start() -> None:
    def check(config: Settings) -> list[Problem]:
        return [Problem("acme.url", "is old", warning=True)]

    loaded = load(Document.parse("\n\nacme: {url: x}"), SCHEMA, check)

    assert [each.line for each in loaded.warnings] == [3]


def test_a_missing_section_leaves_a_working_configuration_that_names_it() -> None:
    loaded = given_text("zebra: {key: value}\nport: 1")

    assert loaded.settings.missing == ("zebra",)
    assert loaded.settings.section("zebra") is None
    assert loaded.settings.port == 1
    assert [each.path for each in loaded.warnings] == ["zebra"]


def test_a_missing_section_is_refused_when_plugins_are_strict() -> None:
    [problem] = refused("zebra: {key: value}\nplugins: {strict: true}")

    assert problem.path == "zebra"


def test_what_is_shown_has_no_secret_and_is_plain_yaml() -> None:
    config = given_text(
        f"api-keys: [{CANARY}]\nproxy-url: http://me:{CANARY}@localhost:1\n"
        f"acme: {{url: 'https://me:{CANARY}@host/v1', providers: [{{name: fox, api-key: {CANARY}}}]}}\n"
    ).settings

    shown = yaml.safe_dump(masked(config))

    assert CANARY not in shown
    assert CANARY not in repr(config)
    assert yaml.safe_load(shown)["acme"]["providers"][0]["name"] == "fox"
    assert yaml.safe_load(shown)["api-keys"] == ["sk-c...89"]


LINES = st.lists(
    st.sampled_from(
        [
            "port: 1",
            "port: x",
            "host: 0.0.0.0",
            "acme:",
            "  providers:",
            "    - name: a",
            "      api-key: env:NO",
            "  - 5",
            "api-keys: [a, {}]",
            "limits: *a",
            "x: &a [1]",
            "<<: *a",
            "? [a]",
            "zebra: {a: 1}",
            "- a",
            "plugins: {strict: 1}",
            "model-aliases: [[], {match: 1}]",
        ]
    )
    | st.text(max_size=20),
    max_size=8,
).map("\n".join)


@given(st.one_of(st.text(max_size=200), LINES))
def test_any_text_is_settings_or_a_config_error(text: str) -> None:
    try:
        loaded = load(Document.parse(text), SCHEMA, needs_url, environ={})
    except ConfigError:
        return
    masked(loaded.settings)
