"""Which blocks hold, and what is said of those that do not."""

from __future__ import annotations

from typing import Any

import pytest
from jackfield.api import ConfigError
from jackfield.testing import make_app

COMPLETE = {
    "enabled": True,
    "base-url": "https://codex-api.packycode.com/v1",
    "requires-openai-auth": True,
    "wire-api": "responses",
    "privacy": {"disable-response-storage": True},
    "defaults": {"model": "gpt-5", "model-reasoning-effort": "high"},
    "credentials": {"openai-api-key": "sk-openai-123"},
    "effective-source": None,
}


def refused(block: Any) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        make_app({"packycode": block})
    return caught.value


def test_all_eleven_keys_hold_together(kit: Any) -> None:
    keys = [*COMPLETE, *(name for value in COMPLETE.values() if isinstance(value, dict) for name in value)]
    [found] = [each for each in kit.credentials(COMPLETE) if each.provider == "packycode"]

    assert len(keys) - 1 == 11  # `effective-source` is told, not set
    assert found.id == "packycode:codex:db7cb639a3a1"


def test_what_is_left_out_has_its_default(kit: Any) -> None:
    app = make_app({"packycode": kit.block()})

    block = app.extensions["jackfield"].settings.section("packycode")

    assert block["requires-openai-auth"] is True
    assert block["wire-api"] == "responses"
    assert block["privacy"]["disable-response-storage"] is True
    assert dict(block["defaults"]) == {"model": "gpt-5", "model-reasoning-effort": "high"}


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "no URL": (
        {"base-url": None},
        "packycode.base-url is required when packycode.enabled=true (write it like https://host/v1)",
    ),
    "a blank URL": (
        {"base-url": "  "},
        "packycode.base-url is required when packycode.enabled=true (write it like https://host/v1)",
    ),
    "no scheme": (
        {"base-url": "codex-api.packycode.com/v1"},
        "packycode.base-url must be an http(s) URL with a host (write it like https://host/v1)",
    ),
    "another scheme": (
        {"base-url": "ftp://packycode.com/v1"},
        "packycode.base-url must be an http(s) URL with a host (write it like https://host/v1)",
    ),
    "no host": (
        {"base-url": "https:///v1"},
        "packycode.base-url must be an http(s) URL with a host (write it like https://host/v1)",
    ),
    "the whole address": (
        {"base-url": "https://codex-api.packycode.com/v1/responses"},
        "packycode.base-url must not end in /responses "
        "(leave it out, since it is added to every call: https://host/v1)",
    ),
    "a password": (
        {"base-url": "https://me:canary@packycode.com/v1"},
        "packycode.base-url must not hold user, password, query or fragment "
        "(take them out; the key belongs in a key of its own)",
    ),
    "the metadata of a cloud": (
        {"base-url": "http://169.254.169.254/v1"},
        "packycode.base-url must not be a link-local or metadata address (name the provider's own host)",
    ),
    "no key": (
        {"credentials": None},
        "packycode.credentials.openai-api-key is required while packycode.requires-openai-auth=true "
        "(write the key, or env:NAME)",
    ),
    "a blank key": (
        {"credentials": {"openai-api-key": "  "}},
        "packycode.credentials.openai-api-key is required while packycode.requires-openai-auth=true "
        "(write the key, or env:NAME)",
    ),
    "a variable that is not set": (
        {"credentials": {"openai-api-key": "env:NO_SUCH_VARIABLE"}},
        "packycode.credentials.openai-api-key: the environment variable NO_SUCH_VARIABLE is not set "
        "(set it before the start)",
    ),
    "another API": (
        {"wire-api": "chat"},
        'packycode.wire-api: cannot be the text "chat" (write responses)',
    ),
    "storage": (
        {"privacy": {"disable-response-storage": False}},
        "packycode.privacy.disable-response-storage: cannot be false (write true)",
    ),
    "no model": (
        {"defaults": {"model": ""}},
        "packycode.defaults.model: is empty (write a value, or remove it)",
    ),
    "a blank model": (
        {"defaults": {"model": " "}},
        "packycode.defaults.model must not be empty (write gpt-5, or leave it out)",
    ),
    "an effort of another vendor": (
        {"defaults": {"model-reasoning-effort": "max"}},
        'packycode.defaults.model-reasoning-effort: cannot be the text "max" (write one of low, medium, high)',
    ),
    "an effort that packycode does not take": (
        {"defaults": {"model-reasoning-effort": "minimal"}},
        'packycode.defaults.model-reasoning-effort: cannot be the text "minimal" (write one of low, medium, high)',
    ),
    "an unknown key": (
        {"base_url": "https://x/v1"},
        "packycode.base_url: unknown key (did you mean `base-url`?)",
    ),
    "text for a switch": (
        {"requires-openai-auth": "yes"},
        'packycode.requires-openai-auth: must be true or false, not the text "yes" '
        "(write true or false, without quotes)",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_told_with_its_mend(name: str, kit: Any) -> None:
    fields, sentence = WRONG[name]

    error = refused(kit.block(**fields))

    assert str(error) == f"invalid packycode configuration: {sentence}"
    assert "canary" not in str(error)


def test_all_that_is_wrong_is_told_at_once() -> None:
    error = refused({"enabled": True, "wire-api": "chat", "defaults": {"model-reasoning-effort": "max"}})

    assert {problem.path for problem in error.problems} == {
        "packycode.base-url",
        "packycode.credentials.openai-api-key",
        "packycode.wire-api",
        "packycode.defaults.model-reasoning-effort",
    }
    assert str(error).startswith("invalid packycode configuration: ")
    assert str(error).count("; ") == 3
    assert all(problem.fix for problem in error.problems)


def test_problems_of_two_sections_are_two_sentences() -> None:
    with pytest.raises(ConfigError) as caught:
        make_app({"packycode": {"enabled": True, "base-url": "x"}, "tppc": {"providers": [{"enabled": True}]}})

    packycode, tppc = caught.value.sentences
    assert packycode.startswith("invalid packycode configuration: packycode.credentials.openai-api-key is required")
    assert tppc == (
        "invalid tppc configuration: providers[0].name is required when providers[0].enabled=true; "
        "providers[0].base-url is required when providers[0].enabled=true; "
        "providers[0].api-key is required when providers[0].enabled=true"
    )


@pytest.mark.parametrize(
    "block",
    [
        {},
        {"enabled": False},
        {
            "enabled": False,
            "base-url": "nonsense",
            "wire-api": "chat",
            "privacy": {"disable-response-storage": False},
            "defaults": {"model": "", "model-reasoning-effort": "max"},
            "credentials": {"openai-api-key": "env:NO_SUCH_VARIABLE"},
        },
    ],
)
def test_a_block_that_is_off_is_not_checked(block: dict[str, Any], kit: Any) -> None:
    assert [each.provider for each in kit.credentials(block)] == ["demo"]


def test_what_is_read_only_is_passed_over_with_a_word(kit: Any, caplog: pytest.LogCaptureFixture) -> None:
    found = kit.credentials(kit.block(**{"effective-source": "env"}))

    assert "packycode.effective-source: is read-only and passed over (remove it)" in caplog.text
    assert {each.attributes.get("effective_source") for each in found if each.provider == "packycode"} == {
        "config.yaml"
    }
