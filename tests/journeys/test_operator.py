"""A new operator's day: a provider switched on by file and by API, broken, mended, and a restart that finds it all."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from jackfield.testing import FakeUpstream

KEY = "management-key-0123456789"
WITHIN = 30.0
"""Seconds that a wait lasts at most; reached only when a test fails."""

FILE = """\
# Our proxy. Ask Ada before you change it.
debug: false   # quiet

# The providers, cheapest first.
tppc:
  providers:
    # The fox is ours.
    - name: fox
      enabled: true
      base-url: {url}   # in the cellar
      api-key: "sk-fox-0123456789"
    # The owl is theirs.
    - name: owl
      enabled: false
      base-url: {url}
      api-key: 'sk-owl-0123456789'   # until May
"""


class Site:
    """A server in a process of its own (or several), and its file."""

    def __init__(self, folder: Path, serving: Callable[..., Any], *arguments: str) -> None:
        self.file = folder / "config.yaml"
        self._server = serving("jackfield", "serve", "--port", "0", *arguments, MANAGEMENT_PASSWORD=KEY)

    @property
    def log(self) -> str:
        return str(self._server.log)

    @property
    def comments(self) -> list[str]:
        """The comments in the file, in order."""
        return [line[line.index("#") :] for line in self.file.read_text().splitlines() if "#" in line]

    def manage(self, method: str, path: str, body: Any = None) -> httpx.Response:
        url = f"{self._server.url}/v0/management{path}"
        headers = {"Authorization": f"Bearer {KEY}"}
        return httpx.request(method, url, json=body, headers=headers, trust_env=False, timeout=WITHIN)

    @property
    def providers(self) -> list[str]:
        found: list[str] = self.manage("GET", "/providers").json()["providers"]
        return found

    async def until_providers(self, *names: str, times: int = 1) -> None:
        """Wait until these serve, so many answers in a row: several workers answer in turn."""
        async with asyncio.timeout(WITHIN):
            agreed = 0
            while agreed < times:
                agreed = agreed + 1 if await asyncio.to_thread(lambda: self.providers) == list(names) else 0

    def ask(self, model: str) -> httpx.Response:
        found: httpx.Response = self._server.post("/v1/responses", model=model, input="Hi")
        return found


def packycode(upstream: FakeUpstream, **fields: Any) -> dict[str, Any]:
    credentials = {"openai-api-key": "sk-packycode-0123456789"}
    return {"enabled": True, "base-url": upstream.base_url, "credentials": credentials, **fields}


@pytest.mark.parametrize("workers", [(), ("--workers", "2")], ids=["one process", "workers"])
async def test_what_is_changed_over_the_api_serves_and_outlives_a_restart(
    workers: tuple[str, ...], serving: Any, tmp_path: Path
) -> None:
    with FakeUpstream.in_thread() as upstream:
        (tmp_path / "config.yaml").write_text(FILE.format(url=upstream.base_url))
        site = Site(tmp_path, serving, *workers)
        before = site.comments
        assert site.providers == ["fox"]

        assert site.manage("PUT", "/packycode", packycode(upstream)).status_code == 200
        owl = {"providers": [{"name": "owl", "enabled": True}]}
        assert site.manage("PATCH", "/tppc", owl).status_code == 200
        await site.until_providers("fox", "owl", "packycode", times=20)

        for name in ("fox", "owl", "packycode"):
            assert site.ask(f"{name}/gpt-5").status_code == 200
            assert upstream.last.key == f"sk-{name}-0123456789"
        stored = site.file.read_text()
        assert site.comments == before
        assert 'api-key: "sk-fox-0123456789"' in stored

        again = Site(tmp_path, serving, *workers)
        assert again.providers == ["fox", "owl", "packycode"]
        assert again.file.read_text() == stored
        assert again.manage("GET", "/packycode").json()["effective-source"] == "config.yaml"


BROKEN: list[tuple[dict[str, Any], str]] = [
    ({"credentials": {"openai-api-key": ""}}, "packycode.credentials.openai-api-key"),
    ({"base-url": ""}, "packycode.base-url"),
    ({"base-url": "packycode.com"}, "packycode.base-url"),
    ({"defaults": {"model-reasoning-effort": "max"}}, "packycode.defaults.model-reasoning-effort"),
    ({"wire-api": "chat"}, "packycode.wire-api"),
]


async def test_what_is_wrong_is_refused_by_the_api_as_by_the_file(serving: Any, tmp_path: Path) -> None:
    with FakeUpstream.in_thread() as upstream:
        file = tmp_path / "config.yaml"
        file.write_text(FILE.format(url=upstream.base_url))
        site = Site(tmp_path, serving)
        stored = file.read_text()

        for fields, path in BROKEN:
            refused = site.manage("PUT", "/packycode", packycode(upstream, **fields))
            assert refused.status_code == 422, fields
            assert refused.json()["error"] == "invalid_packycode"
            [problem] = refused.json()["problems"]
            assert problem["path"] == path
            assert problem["fix"]
            assert refused.json()["message"].startswith("invalid packycode configuration: ")
            assert problem["fix"] in refused.json()["message"]
        assert file.read_text() == stored

        file.write_text(stored.replace("enabled: false", "enabled: true").replace("'sk-owl-0123456789'", '""'))
        async with asyncio.timeout(WITHIN):
            while "invalid tppc configuration" not in site.log:  # noqa: ASYNC110 - another process writes it
                await asyncio.sleep(0.05)
        told = "providers[1].api-key is required when providers[1].enabled=true"
        assert f"invalid tppc configuration: {told}\n" in site.log
        assert site.providers == ["fox"]
        refused = site.manage("PATCH", "/tppc", {"providers": [{"name": "fox", "priority": 1}]})
        assert refused.status_code in (409, 422)

        file.write_text(stored.replace("enabled: false", "enabled: true"))
        await site.until_providers("fox", "owl")
