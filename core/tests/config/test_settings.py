from __future__ import annotations

from types import MappingProxyType
from typing import Any

import pytest
from jackfield.config import Document, Loaded, compose, core_schema, load
from jackfield.model.errors import ConfigError, Problem
from jackfield.model.secret import Secret

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


def test_no_file_gives_the_defaults() -> None:
    config = given_text("").settings

    assert (config.host, config.port, config.api_keys) == ("127.0.0.1", 8317, ())
    assert config.routing.strategy == "round-robin"
    assert config.limits.max_body_bytes == 64 * 1024 * 1024
    assert config.limits.idle_timeout == 75.0
    assert config.plugins.disabled == ()
    assert not config.remote_management.secret_key
    assert config.path is None
    assert config.section("acme") is None


def test_what_the_file_says_is_what_the_program_reads() -> None:
    config = given_text(
        f"port: 9000.0\napi-keys: [{CANARY}]\nlimits: {{body-timeout: 5, max-streams: 3}}\n"
        "model-aliases: [{match: 'claude-*', model: gpt-5, effort: high}]\nplugins: {disabled: [demo]}\n"
    ).settings

    assert repr(config.port) == "9000"
    assert config.api_keys == (Secret(CANARY),)
    assert repr(config.limits.body_timeout) == "5.0"
    assert config.limits.max_streams == 3
    assert config.limits.connect_timeout == 10.0
    assert [(each.match, each.model, each.effort) for each in config.model_aliases] == [("claude-*", "gpt-5", "high")]
    assert config.plugins.disabled == ("demo",)


def test_a_section_is_complete_and_cannot_be_changed() -> None:
    section = given_text(f"acme: {{providers: [{{name: fox, api-key: {CANARY}}}]}}").settings.section("acme")

    assert section["privacy"] == {"store": False}
    assert "extra" not in section
    [fox] = section["providers"]
    assert fox == {"name": "fox", "enabled": True, "url": "", "api-key": Secret(CANARY)}
    assert isinstance(section, MappingProxyType)
    assert isinstance(fox, MappingProxyType)
    assert isinstance(section["providers"], tuple)
