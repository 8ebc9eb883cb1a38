"""What the log says of an edit: a line a key, the clients, what is wrong and what needs a restart; never a secret."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from jackfield.testing import jackfield_server

WITHIN = 30.0
"""Seconds that a wait lasts at most; reached only when a test fails."""

SECRETS = ("sk-canary-one", "sk-canary-two", "sk-canary-three", "canary-of-a-client-0123456789", "canary-password")


def provider(name: str, key: str = "sk-canary-one", **fields: Any) -> dict[str, Any]:
    return {"name": name, "enabled": True, "base-url": f"https://{name}.invalid/v1", "api-key": key, **fields}


class Log:
    """The configuration file of a running server, and what that logs about it."""

    def __init__(self, file: Path, caplog: pytest.LogCaptureFixture, client: httpx.AsyncClient) -> None:
        self.client = client
        self._file = file
        self._caplog = caplog

    @property
    def lines(self) -> list[str]:
        return [record.getMessage() for record in self._caplog.records if record.name == "jackfield.config"]

    async def after(self, config: dict[str, Any] | str, last: str = "clients: ") -> list[str]:
        """Write a configuration and return what is logged from then on, up to a line that begins with `last`."""
        self._caplog.clear()
        self._file.write_text(config if isinstance(config, str) else yaml.safe_dump(config, sort_keys=False))
        async with asyncio.timeout(WITHIN):
            while not any(line.startswith(last) for line in self.lines):  # noqa: ASYNC110 - a file is followed
                await asyncio.sleep(0.02)
        return self.lines

    async def nothing_after(self, config: str) -> list[str]:
        """Write a configuration that says nothing new, then one that does; return what was logged of the first."""
        self._caplog.clear()
        self._file.write_text(config)
        await asyncio.sleep(1.5)  # a look and a half
        return self.lines


@pytest.fixture
async def log(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> AsyncIterator[Any]:
    """Return a function that starts the proxy with a configuration and gives its log."""
    caplog.set_level(logging.INFO, "jackfield")
    async with contextlib.AsyncExitStack() as stack:

        async def start(config: dict[str, Any]) -> Log:
            file = tmp_path / "config.yaml"
            server = await stack.enter_async_context(jackfield_server(config, path=file))
            return Log(file, caplog, await stack.enter_async_context(server.client()))

        yield start
    assert not any(secret in caplog.text for secret in SECRETS)


PACKYCODE = {"enabled": False, "base-url": "https://p.invalid/v1", "credentials": {"openai-api-key": "sk-canary-one"}}


async def test_each_changed_key_is_a_line_and_the_clients_are_counted(log: Any) -> None:
    codex = [{"api-key": "sk-canary-three", "base-url": "https://c.invalid/v1"}]
    started = await log({"packycode": PACKYCODE, "debug": False, "codex-api-key": codex})

    lines = await started.after(
        {
            "packycode": {**PACKYCODE, "enabled": True, "credentials": {"openai-api-key": "sk-canary-two"}},
            "debug": True,
            "codex-api-key": codex,
            "model-aliases": [{"match": "claude-*", "model": "gpt-5"}],
        }
    )

    assert lines == [
        "debug: false -> true",
        "model-aliases[0]: added",
        "packycode.credentials.openai-api-key: updated",
        "packycode.enabled: false -> true",
        "clients: 1 in rotation (packycode 1)",
    ]


async def test_clients_are_counted_by_source(log: Any) -> None:
    codex = [{"api-key": "sk-canary-three", "base-url": "https://c.invalid/v1"}]
    started = await log({"demo": {"enabled": False}})

    lines = await started.after(
        {"demo": {"enabled": True}, "codex-api-key": codex, "tppc": {"providers": [provider("fox"), provider("owl")]}}
    )
    assert lines[-1] == "clients: 4 in rotation (codex 1, demo 1, tppc 2)"

    lines = await started.after({"demo": {"enabled": False}, "codex-api-key": []})
    assert lines[-1] == "clients: 0 in rotation"


async def test_providers_are_told_by_name(log: Any) -> None:
    started = await log({"tppc": {"providers": [provider("fox"), provider("owl")]}})

    lines = await started.after(
        {"tppc": {"providers": [provider("elk"), provider("owl", "sk-canary-two", enabled=False, priority=4)]}}
    )

    assert lines == [
        "tppc.providers[elk]: added",
        "tppc.providers[fox]: removed",
        "tppc.providers[owl].api-key: updated",
        "tppc.providers[owl].enabled: true -> false",
        "tppc.providers[owl].priority: 0 -> 4",
        "clients: 1 in rotation (tppc 1)",
    ]


async def test_other_secrets_are_updated_too(log: Any) -> None:
    fox = provider("fox", headers={"x-team": "sk-canary-one"})
    started = await log({"tppc": {"providers": [fox]}, "api-keys": []})

    lines = await started.after(
        {
            "tppc": {"providers": [provider("fox", headers={"x-team": "sk-canary-two"})]},
            "api-keys": ["canary-of-a-client-0123456789"],
            "proxy-url": "http://me:canary-password@proxy.invalid:3128",
        }
    )

    assert lines == [
        "api-keys[0]: added",
        "proxy-url: updated",
        "tppc.providers[fox].headers.x-team: updated",
        "clients: 1 in rotation (tppc 1)",
    ]
    assert (await started.client.get("/v1/models")).status_code == 401


async def test_what_takes_effect_at_the_next_start_only_says_so(log: Any) -> None:
    started = await log({})

    lines = await started.after(
        {
            "port": 8318,
            "plugins": {"disabled": ["zebra"]},
            "limits": {"idle-timeout": 5, "max-streams": 3, "shutdown-grace": 1},
        }
    )

    assert lines == [
        "limits.idle-timeout: 75 -> 5 (takes effect at the next start)",
        "limits.max-streams: 2000 -> 3",
        "limits.shutdown-grace: 30 -> 1 (takes effect at the next start)",
        "plugins.disabled: [] -> [zebra] (takes effect at the next start)",
        "port: 8317 -> 8318 (takes effect at the next start)",
        "clients: 0 in rotation",
    ]


BAD = """\
packycode:
  enabled: true
  defaults: {model-reasoning-effort: max}
tppc:
  providers:
    - {name: fox, enabled: true, api-key: sk-canary-one}
debug: maybe
"""


async def test_a_bad_edit_changes_nothing_and_is_told_once(log: Any) -> None:
    started = await log({"tppc": {"providers": [provider("fox")]}})
    before = (await started.client.get("/v1/models")).json()
    last = f"{started._file}: invalid tppc"

    lines = await started.after(BAD, last)

    file = started._file
    assert lines == [
        f"{file} is not valid; the configuration before it stays in force (line 1, 3, 6, 7)",
        f"{file}: invalid packycode configuration: packycode.base-url is required when packycode.enabled=true"
        " (write it like https://host/v1); packycode.credentials.openai-api-key is required while"
        " packycode.requires-openai-auth=true (write the key, or env:NAME);"
        ' packycode.defaults.model-reasoning-effort: cannot be the text "max" (write one of low, medium, high)',
        f"{file}: invalid tppc configuration: providers[0].base-url is required when providers[0].enabled=true",
        f'{file}: invalid configuration: line 7: debug: must be true or false, not the text "maybe"'
        " (write true or false, without quotes)",
    ]
    assert (await started.client.get("/v1/models")).json() == before
    assert await started.nothing_after(BAD) == []


async def test_what_was_mended_is_told_and_told_again_when_broken_again(log: Any) -> None:
    good = yaml.safe_dump({"tppc": {"providers": [provider("fox")]}}, sort_keys=False)
    started = await log(yaml.safe_load(good))
    wrong = "tppc: [\n"

    assert any("not valid YAML" in line for line in await started.after(wrong, f"{started._file}: invalid"))
    assert await started.after(good, f"{started._file} is again") == [f"{started._file} is again what it was"]
    assert any("not valid YAML" in line for line in await started.after(wrong, f"{started._file}: invalid"))
    lines = await started.after({"debug": True})
    assert "no provider is enabled: clients are answered 503 from now on" in lines
    assert lines[-1] == "clients: 0 in rotation"


async def test_an_edit_of_comments_alone_is_no_change(log: Any) -> None:
    started = await log({"debug": True})

    assert await started.nothing_after("# a comment\ndebug: true # another\n") == []


async def test_a_file_that_is_no_text_is_told(log: Any) -> None:
    started = await log({"debug": True})
    started._file.write_bytes(b"debug: \xff\xfe\n")

    async with asyncio.timeout(WITHIN):
        while not any("cannot be read" in line for line in started.lines):  # noqa: ASYNC110 - a file is followed
            await asyncio.sleep(0.02)
    assert "stays in force" in started.lines[-1]
