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
        async with jackfield_server(config) as proxy, proxy.client() as client, asyncio.timeout(10):
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
