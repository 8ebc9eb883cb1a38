"""Where key and URL come from: always both from one place."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jackfield.api import ConfigError, Secret
from jackfield.testing import FakeUpstream, jackfield_server
from jackfield_packycode.source import find_source

NOTHING: dict[str, Any] = {"base-url": None, "credentials": None}


def pair(kit: Any, **fields: Any) -> tuple[Any, ...]:
    """Return the source, URL and key of a block's credential."""
    [found] = [each for each in kit.credentials(kit.block(**fields)) if each.provider == "packycode"]
    attributes = found.attributes
    return attributes["effective_source"], attributes["base_url"], attributes["api_key"].reveal()


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PACKYCODE_BASE_URL", "https://env.packycode.com/v1/")
    monkeypatch.setenv("PACKYCODE_API_KEY", " sk-env-1234567890 ")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-openai")


@pytest.mark.usefixtures("environment")
def test_the_configuration_comes_first(kit: Any, home: Path) -> None:
    kit.codex_cli(home)

    assert pair(kit) == ("config.yaml", kit.url, kit.key)


@pytest.mark.usefixtures("environment")
def test_then_the_environment(kit: Any, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kit.codex_cli(home)

    assert pair(kit, **NOTHING) == ("env", "https://env.packycode.com/v1", "sk-env-1234567890")
    monkeypatch.delenv("PACKYCODE_API_KEY")
    assert pair(kit, **NOTHING) == ("env", "https://env.packycode.com/v1", "sk-of-openai")


def test_then_the_codex_cli(kit: Any, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kit.codex_cli(home)
    monkeypatch.setenv("OPENAI_API_KEY", "sk-without-a-url-of-its-own")

    assert pair(kit, **NOTHING) == ("codex-cli", "https://cli.packycode.com/v1", "sk-cli-1234567890")


@pytest.mark.usefixtures("environment")
@pytest.mark.parametrize("half", [{"base-url": None}, {"credentials": None}])
def test_a_half_is_never_made_whole_from_elsewhere(half: dict[str, Any], kit: Any, home: Path) -> None:
    kit.codex_cli(home)

    with pytest.raises(ConfigError, match="is required"):
        kit.credentials(kit.block(**half))


def test_an_environment_without_a_url_is_no_pair(kit: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PACKYCODE_API_KEY", "sk-env-1234567890")

    with pytest.raises(ConfigError, match=r"packycode\.base-url is required"):
        kit.credentials(kit.block(**NOTHING))


def test_a_url_from_the_environment_is_judged_too(kit: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PACKYCODE_BASE_URL", "packycode.com")
    monkeypatch.setenv("PACKYCODE_API_KEY", "sk-env-1234567890")

    with pytest.raises(ConfigError, match=r"http\(s\) URL with a host \(from PACKYCODE_BASE_URL\)"):
        kit.credentials(kit.block(**NOTHING))


@pytest.mark.parametrize(
    "files",
    [
        {},
        {"config.toml": "model_provider = [", "auth.json": '{"OPENAI_API_KEY": "sk-x"}'},
        {"config.toml": 'model_provider = "openai"\n[model_providers.packycode]\nbase_url = "https://x/v1"\n'},
        {"config.toml": 'model_provider = "packycode"\n'},
        {"config.toml": 'model_provider = "packycode"\n[model_providers.packycode]\nbase_url = 5\n'},
        {"config.toml": 'model_provider = "packycode"\n[model_providers.packycode]\nbase_url = "https://x/v1"\n'},
        {
            "config.toml": 'model_provider = "packycode"\n[model_providers.packycode]\nbase_url = "https://x/v1"\n',
            "auth.json": '{"OPENAI_API_KEY": null, "tokens": {"access_token": "of-chatgpt"}}',
        },
    ],
)
def test_files_of_the_codex_cli_that_do_not_fit_are_no_pair(files: dict[str, str], kit: Any, home: Path) -> None:
    for name, text in files.items():
        (home / name).write_text(text)

    with pytest.raises(ConfigError, match="is required"):
        kit.credentials(kit.block(**NOTHING))


async def test_without_a_key_where_none_is_needed(kit: Any) -> None:
    async with FakeUpstream() as upstream:
        block = kit.block(**{"base-url": upstream.base_url, "credentials": None, "requires-openai-auth": False})
        async with jackfield_server({"packycode": block}) as proxy, proxy.client() as client:
            answer = await client.post("/v1/responses", json={"model": "gpt-5", "input": "Hi"})

    assert answer.status_code == 200, answer.text
    assert "authorization" not in upstream.last.headers


async def test_an_edit_of_the_codex_clis_files_takes_effect(kit: Any, home: Path) -> None:
    import asyncio

    async with FakeUpstream() as upstream:
        kit.codex_cli(home, upstream.base_url, "sk-first-1234567890")
        config = {"packycode": kit.block(**NOTHING)}
        async with jackfield_server(config) as proxy, proxy.client() as client, asyncio.timeout(30):
            keys: list[str] = []
            while "sk-second-1234567890" not in keys:
                await client.post("/v1/responses", json={"model": "gpt-5", "input": "Hi"})
                keys.append(upstream.last.key)
                kit.codex_cli(home, upstream.base_url, "sk-second-1234567890")

    assert keys[0] == "sk-first-1234567890"


LINES = st.sampled_from(
    ['model_provider = "packycode"', "[model_providers.packycode]", 'base_url = "https://x/v1"', "base_url = 5"]
) | st.sampled_from(
    ["model_providers = 5", "[model_providers]", "packycode = 3", "[[model_providers]]", "a.b = 1", '"']
)
TOML = st.binary() | st.lists(LINES | st.text(max_size=8), max_size=5).map("\n".join).map(str.encode)
AUTH = st.binary() | st.sampled_from([b'{"OPENAI_API_KEY": "k"}', b'{"OPENAI_API_KEY": 5}', b"[]", b"5", b'{"a": {}}'])


@given(TOML, AUTH)
def test_any_files_of_the_codex_cli_give_a_pair_or_nothing(config: bytes, auth: bytes) -> None:
    block = {"requires-openai-auth": True, "base-url": "", "credentials": {"openai-api-key": Secret("")}}
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "config.toml").write_bytes(config)
        (Path(folder) / "auth.json").write_bytes(auth)
        found = find_source(block, {}, Path(folder))
    assert found is None or (found.name == "codex-cli" and found.base_url and found.api_key)


HOSTED = 'base_url = "https://api.packyapi.com/v1"\n'
"""Packycode by its host alone."""
AUTH = {"auth.json": '{"OPENAI_API_KEY": "sk-auth-1234567890"}'}


def provider(*lines: str, name: str = "custom", top: str = 'model_provider = "custom"\n') -> dict[str, str]:
    """Return a config.toml with one provider of these lines."""
    return {"config.toml": f"{top}[model_providers.{name}]\n" + "\n".join(lines) + "\n"}


NAMED = 'name = "packycode"'
URL = 'base_url = "https://x.example/v1"'
DOTENV = '# a comment\nexport RELAY_FILE_KEY="sk-file-1234567890"\n'
PROFILE = 'profile = "work"\nmodel_provider = "openai"\n[profiles.work]\nmodel_provider = "custom"\n'
FORMS: dict[str, tuple[dict[str, str], str]] = {
    "as cc-switch writes it": (
        {**provider(NAMED, 'base_url = "https://api.packyapi.ai/v1"', "requires_openai_auth = true"), **AUTH},
        "sk-auth-1234567890",
    ),
    "by its host": ({**provider(HOSTED, "requires_openai_auth = true"), **AUTH}, "sk-auth-1234567890"),
    "by its id": (
        {**provider(URL, name="packycode", top='model_provider = "packycode"\n'), **AUTH},
        "sk-auth-1234567890",
    ),
    "with a byte order mark": (
        {"config.toml": "\ufeff" + provider(NAMED, URL)["config.toml"], "auth.json": "\ufeff" + AUTH["auth.json"]},
        "sk-auth-1234567890",
    ),
    "env_key in the environment": (provider(NAMED, URL, 'env_key = "RELAY_KEY"'), "sk-environ-1234567890"),
    "env_key in .env": (
        {**provider(NAMED, URL, 'env_key = "RELAY_FILE_KEY"'), ".env": DOTENV},
        "sk-file-1234567890",
    ),
    "a token in the file": (
        provider(NAMED, URL, 'experimental_bearer_token = "sk-token-1234567890"'), "sk-token-1234567890",
    ),
    "a header in the file": (
        provider(NAMED, URL, 'http_headers = { authorization = "Bearer sk-header-1234567890" }'),
        "sk-header-1234567890",
    ),
    "a header in the environment": (
        provider(NAMED, URL, 'env_http_headers = { Authorization = "RELAY_HEADER" }'), "sk-environ-1234567890",
    ),
    "the profile's provider": (
        {
            **provider(
                NAMED, URL, top=PROFILE
            ),
            **AUTH,
        },
        "sk-auth-1234567890",
    ),
    "a header in the environment over one in the file": (
        provider(
            NAMED, URL, 'http_headers = { authorization = "Bearer sk-header-1234567890" }',
            'env_http_headers = { Authorization = "RELAY_HEADER" }',
        ),
        "sk-environ-1234567890",
    ),
    "inline tables": (
        {"config.toml": f'model_provider = "c"\nmodel_providers = {{ c = {{ {NAMED}, {URL} }} }}\n', **AUTH},
        "sk-auth-1234567890",
    ),
    "dotted keys": (
        {"config.toml": f'model_provider = "c"\nmodel_providers.c.{NAMED}\nmodel_providers.c.{URL}\n', **AUTH},
        "sk-auth-1234567890",
    ),
    "the built-in provider at packycode's": (
        {"config.toml": 'openai_base_url = "https://codex-api.packycode.com/v1"\n', **AUTH}, "sk-auth-1234567890",
    ),
}  # fmt: skip


@pytest.fixture
def variables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RELAY_KEY", "sk-environ-1234567890")
    monkeypatch.setenv("RELAY_HEADER", "Bearer sk-environ-1234567890")


@pytest.mark.usefixtures("variables")
@pytest.mark.parametrize("form", FORMS)
def test_every_form_that_the_codex_cli_reads_is_read(form: str, kit: Any, home: Path) -> None:
    """L7: by id, name or host, with a key in any of its places."""
    files, key = FORMS[form]
    for name, text in files.items():
        (home / name).write_text(text, "utf-8")
    assert pair(kit, **NOTHING)[::2] == ("codex-cli", key)


@pytest.mark.usefixtures("variables")
def test_keys_are_taken_in_the_order_of_the_codex_cli(kit: Any, home: Path) -> None:
    """L7: env_key, then the token, then the header, then auth.json."""
    lines = [
        'env_key = "RELAY_KEY"',
        'experimental_bearer_token = "sk-token-1234567890"',
        'http_headers = { Authorization = "Bearer sk-header-1234567890" }',
        "requires_openai_auth = true",
    ]
    (home / "auth.json").write_text(AUTH["auth.json"])
    expected = ["sk-environ-1234567890", "sk-token-1234567890", "sk-header-1234567890", "sk-auth-1234567890"]
    for start, key in enumerate(expected):
        (home / "config.toml").write_text(provider(NAMED, URL, *lines[start:])["config.toml"])
        assert pair(kit, **NOTHING)[2] == key


NONE = {
    "another's host": ({**provider('base_url = "https://api.other.example/v1"'), **AUTH}, "not packycode's"),
    "a host that looks alike": ({**provider('base_url = "https://notpackycode.com/v1"'), **AUTH}, "not packycode's"),
    "a login alone": (
        {**provider(NAMED, URL, "requires_openai_auth = true"),
         "auth.json": '{"OPENAI_API_KEY": null, "tokens": {"access_token": "eyJ-canary"}}'},
        "no key",
    ),
    "a variable that is not set": ({**provider(NAMED, URL, 'env_key = "RELAY_UNSET"'), **AUTH}, "no key"),
    "no auth wanted": ({**provider(NAMED, URL, "requires_openai_auth = false"), **AUTH}, "no key"),
    "the chat API": ({**provider(NAMED, URL, 'wire_api = "chat"'), **AUTH}, "chat"),
    "the built-in provider": ({"config.toml": 'model = "gpt-5"\n', **AUTH}, "openai"),
    "a variable by name": (provider(NAMED, URL, 'env_key = "RELAY_UNSET"'), "RELAY_UNSET"),
    "a key from a command": (provider(NAMED, URL, 'auth = { command = "canary" }'), "a command"),
    "no TOML": ({"config.toml": 'model_provider = "x"\n[model_providers\n', **AUTH}, "line 2"),
}  # fmt: skip


@pytest.mark.parametrize("name", NONE)
def test_what_is_no_pair_of_packycodes_is_said(name: str, kit: Any, home: Path) -> None:
    """L7: what was found, in the error; never the login's tokens."""
    files, words = NONE[name]
    for file, text in files.items():
        (home / file).write_text(text, "utf-8")
    with pytest.raises(ConfigError) as caught:
        kit.credentials(kit.block(**NOTHING))
    told = "; ".join(str(problem) for problem in caught.value.problems)
    assert words in told
    assert "canary" not in told


async def test_headers_and_parameters_of_the_codex_clis_provider_are_sent(
    kit: Any, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """L7: http_headers, env_http_headers, query_params; the block's own win."""
    monkeypatch.setenv("RELAY_TEAM", "blue")
    async with FakeUpstream() as upstream:
        files = provider(
            NAMED,
            f'base_url = "{upstream.base_url}"',
            'experimental_bearer_token = "sk-token-1234567890"',
            'http_headers = { X-Plan = "pro", X-Mine = "theirs" }',
            'env_http_headers = { X-Team = "RELAY_TEAM", X-Unset = "RELAY_UNSET" }',
            'query_params = { api-version = "2025" }',
        )
        (home / "config.toml").write_text(files["config.toml"])
        block = kit.block(**NOTHING, headers={"X-Mine": "ours"})
        async with jackfield_server({"packycode": block}) as proxy, proxy.client() as client:
            assert (await client.post("/v1/responses", json={"model": "gpt-5", "input": "Hi"})).status_code == 200
    found = upstream.last
    assert [found.headers.get(name) for name in ("x-plan", "x-team", "x-mine", "x-unset")] == [
        "pro",
        "blue",
        "ours",
        None,
    ]
    assert (found.path, found.key) == ("/v1/responses?api-version=2025", "sk-token-1234567890")
