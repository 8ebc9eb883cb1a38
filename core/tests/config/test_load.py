from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from jackfield.config import Document, Loaded, Settings, compose, core_schema, load, masked
from jackfield.errors import ConfigError, Problem
from jackfield.secret import Secret

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


def test_secrets_come_from_the_environment_and_from_files(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("sk-from-file-0123456789\n")
    file = tmp_path / "config.yaml"
    text = f"api-keys: [env:KEY, 'file:{tmp_path}/key', file:key, {CANARY}]"

    config = load(Document.parse(text, file), SCHEMA, environ={"KEY": "sk-from-env-0123456789"}).settings

    assert [key.reveal() for key in config.api_keys] == [
        "sk-from-env-0123456789",
        "sk-from-file-0123456789",
        "sk-from-file-0123456789",
        CANARY,
    ]


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        ("env:NOT_SET", "NOT_SET is not set"),
        ("env:EMPTY", "EMPTY is empty"),
        ("file:/no/such/file", "/no/such/file cannot be read"),
        ("file:/", "/ is no file"),
        ("env:TWO_LINES", "line break"),
    ],
)
def test_a_secret_that_is_not_found_names_key_line_and_mend(reference: str, message: str) -> None:
    [problem] = refused(f"host: 0.0.0.0\napi-keys:\n  - '{reference}'", EMPTY=" ", TWO_LINES="a\nb")

    assert (problem.path, problem.line) == ("api-keys[0]", 3)
    assert message in problem.message
    assert problem.fix


def test_what_is_switched_off_need_not_have_its_secret() -> None:
    loaded = given_text("acme: {providers: [{name: fox, enabled: false, api-key: env:NOT_SET}]}")

    assert [each.path for each in loaded.warnings] == ["acme.providers[0].api-key"]
    assert not loaded.settings.section("acme")["providers"][0]["api-key"]


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "example.org"])
def test_an_open_proxy_beyond_loopback_is_refused_with_the_reason(host: str) -> None:
    [problem] = refused(f"port: 1\nhost: '{host}'")

    assert (problem.path, problem.line) == ("host", 2)
    assert "other machines" in problem.message
    assert "api-keys" in problem.fix


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.8.8.8", "::1"])
def test_loopback_may_be_open(host: str) -> None:
    assert given_text(f"host: '{host}'").settings.host == host


def test_a_key_opens_the_way_beyond_loopback() -> None:
    assert given_text(f"host: 0.0.0.0\napi-keys: [{CANARY}]").warnings == ()


def test_a_short_client_key_is_a_warning_that_does_not_show_it() -> None:
    [warning] = given_text("api-keys: [hunter2]").warnings

    assert warning.path == "api-keys[0]"
    assert "hunter2" not in str(warning)


@pytest.mark.parametrize("key", ["your-client-key-0123456789", "sk-EXAMPLE-0123456789", "change-me-please-now"])
def test_keys_copied_from_an_example_are_refused(key: str) -> None:
    for text in (f"api-keys: [{key}]", f"remote-management: {{secret-key: {key}}}"):
        [problem] = refused(text)
        assert "example" in problem.message


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
        f"acme: {{providers: [{{name: fox, api-key: {CANARY}}}]}}\n"
    ).settings

    shown = yaml.safe_dump(masked(config))

    assert CANARY not in shown
    assert CANARY not in repr(config)
    assert yaml.safe_load(shown)["acme"]["providers"][0]["name"] == "fox"
    assert yaml.safe_load(shown)["api-keys"] == ["sk-c...89"]


def test_a_proxy_is_a_url_whose_password_is_not_told() -> None:
    [problem] = refused(f"proxy-url: ftp://me:{CANARY}@localhost")

    assert problem.path == "proxy-url"
    assert CANARY not in str(problem)
    proxied = given_text("proxy-url: env:PROXY", PROXY="socks5://localhost:1080").settings
    assert proxied.proxy_url == "socks5://localhost:1080"


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


@settings(max_examples=200, deadline=None)
@given(st.one_of(st.text(max_size=200), LINES))
def test_any_text_is_settings_or_a_config_error(text: str) -> None:
    try:
        loaded = load(Document.parse(text), SCHEMA, needs_url, environ={})
    except ConfigError:
        return
    masked(loaded.settings)
