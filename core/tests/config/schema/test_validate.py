from __future__ import annotations

from typing import Any

import pytest
from jackfield.config import Document, compose, core_schema, validate
from jackfield.model.errors import Problem

CANARY = "sk-canary-0123456789"

ACME: dict[str, Any] = {
    "type": "object",
    "properties": {
        "acme": {
            "type": "object",
            "additionalProperties": False,
            "properties": {
                "api-key": {"type": "string", "x-secret": True},
                "keys": {"type": "array", "items": {"type": "string", "minLength": 99, "x-secret": True}},
                "size": {"type": "integer", "multipleOf": 5, "maximum": 50},
                "url": {"type": "string", "pattern": "^https://", "x-fix": "write an https URL"},
                "models": {
                    "type": "array",
                    "maxItems": 3,
                    "items": {
                        "anyOf": [
                            {"type": "string"},
                            {
                                "type": "object",
                                "properties": {"id": {"type": "string"}},
                                "required": ["id"],
                                "additionalProperties": False,
                            },
                        ]
                    },
                },
            },
        }
    },
}


def check(text: str) -> list[Problem]:
    return validate(Document.parse(text), compose(core_schema(), {"acme": ACME}))


def only(text: str) -> Problem:
    [problem] = check(text)
    return problem


def test_a_correct_document_has_no_problems() -> None:
    assert check("port: 1\nacme:\n  api-key: x\n  models: [a, {id: b}]\n") == []


def test_all_problems_come_at_once_in_the_order_of_the_file() -> None:
    problems = check("prot: 1\ndebug: 3\nlog-format: xml\nlimits:\n  idle: 3\n  body-timeout: 0\nport: 70000\n")

    assert [(each.line, each.path) for each in problems] == [
        (1, "prot"),
        (2, "debug"),
        (3, "log-format"),
        (5, "limits.idle"),
        (6, "limits.body-timeout"),
        (7, "port"),
    ]
    assert all(each.fix for each in problems)


@pytest.mark.parametrize(
    ("text", "path", "message", "fix"),
    [
        ("port: '99'", "port", 'must be a whole number, not the text "99"', "without quotes"),
        ("port: many", "port", 'not the text "many"', "such as 8317"),
        ("host: 7", "host", "must be text, not the number 7", "quotes"),
        ("debug: 'true'", "debug", "must be true or false", "without quotes"),
        ("host: ''", "host", "is empty", "write a value"),
        ("limits:", "limits", "is empty, where a mapping belongs", "or remove the key"),
        ("limits: [1]", "limits", "must be a mapping, not a list", "key: value"),
        ("api-keys: {a: 1}", "api-keys", "must be a list, not a mapping", "- "),
        ("port: -1", "port", "must be at least 0, not the number -1", "0 or more"),
        ("limits: {body-timeout: 0}", "limits.body-timeout", "must be more than 0", "more than 0"),
        ("log-format: jsn", "log-format", 'cannot be the text "jsn"', "one of text, json; did you mean json?"),
        ("model-aliases: [{match: a}]", "model-aliases[0].model", "is required", "Model that serves"),
        ("limits: {idle_timeout: 1}", "limits.idle_timeout", "unknown key", "did you mean `idle-timeout`?"),
        ("plugins: {zzz: 1}", "plugins.zzz", "unknown key", "known keys here: allow, disabled, strict"),
        ("acme: {size: 7}", "acme.size", "a multiple of 5, not the number 7", "multiple"),
        ("acme: {size: 55}", "acme.size", "at most 50", "or less"),
        ("acme: {url: 'http://x'}", "acme.url", "another form", "write an https URL"),
        ("acme: {models: [a, 5]}", "acme.models[1]", "must be text or a mapping, not the number 5", "quotes"),
        ("acme: {models: [{id: 5}]}", "acme.models[0].id", "must be text, not the number 5", "quotes"),
        ("acme: {models: [{idd: x, id: y}]}", "acme.models[0].idd", "unknown key", "did you mean `id`?"),
        ("acme: {models: [a, b, c, d]}", "acme.models", "at most 3 items", "remove"),
    ],
)
def test_each_kind_of_mistake_is_said_in_words(text: str, path: str, message: str, fix: str) -> None:
    problem = only(text)

    assert problem.path == path
    assert message in problem.message
    assert fix in problem.fix
    assert problem.line == 1
    assert not problem.warning


def test_a_typing_slip_in_a_top_level_key_names_the_key_meant() -> None:
    assert only("apikeys: []").fix == "did you mean `api-keys`?"
    assert only("debgu: true").fix == "did you mean `debug`?"


def test_an_unknown_scalar_is_an_error_that_tells_of_plugins() -> None:
    problem = only("colour: red")

    assert not problem.warning
    assert "pip install jackfield-colour" in problem.fix
    assert "jackfield plugins" in problem.fix


@pytest.mark.parametrize("value", ["{a: 1}", "[a]"])
def test_a_section_that_no_plugin_knows_is_a_warning(value: str) -> None:
    problem = only(f"host: localhost\nzebra: {value}")

    assert problem.warning
    assert (problem.path, problem.line) == ("zebra", 2)
    assert "pip install jackfield-zebra" in problem.fix


def test_a_strict_configuration_makes_it_an_error() -> None:
    assert not only("zebra: {a: 1}\nplugins: {strict: true}").warning


@pytest.mark.parametrize(
    "text",
    [
        f"api-keys: {CANARY}",
        f"api-keys: [[{CANARY}]]",
        f"remote-management: {CANARY}",
        f"remote-management: {{secret-key: [{CANARY}]}}",
        f"acme: {CANARY}",
        f"acme: {{keys: {CANARY}}}",
        f"acme: {{keys: [{CANARY}]}}",
        f"proxy-url: [{CANARY}]",
        f"log-format: {CANARY * 3}",
        f"api_key: {CANARY}",
    ],
)
def test_a_secret_is_never_shown(text: str) -> None:
    assert CANARY not in str(only(text))
