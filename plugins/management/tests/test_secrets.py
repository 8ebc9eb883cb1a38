"""No secret in any answer or log: every route is asked for everything, well and badly, and all it said is searched."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import pytest

CANARY = "canary7"
FILE = f"""\
remote-management:
  secret-key: mgmt-{CANARY}-plain-key
api-keys: [client-{CANARY}-aaaaaaaaaa]
proxy-url: http://user-{CANARY}:pw-{CANARY}@127.0.0.1:9
packycode:
  enabled: true
  base-url: https://packy.example/v1
  credentials: {{openai-api-key: packy-{CANARY}-bbbbbbbb}}
tppc:
  providers:
  - name: fox
    enabled: true
    base-url: https://fox.example/v1
    api-key: fox-{CANARY}-cccccccc
    proxy-url: http://u-{CANARY}:p-{CANARY}@127.0.0.1:9
    headers: {{X-Token: token-{CANARY}-dddddddd}}
codex-api-key:
- api-key: codex-{CANARY}-eeeeeeee
  base-url: https://codex.example/v1
"""
KEY = f"mgmt-{CANARY}-plain-key"
NEW = f"sent-{CANARY}-ffffffff"


def requests() -> Iterator[tuple[str, str, Any]]:
    """Yield requests of every kind, many of them wrong, with secrets in places where they do not belong."""
    provider = {"name": "fox", "enabled": True, "base-url": f"https://u:{NEW}@fox.example/v1", "api-key": NEW}
    blocks: list[Any] = [
        {"enabled": True, "api-key": NEW},
        {"unknown": NEW},
        {"credentials": {"openai-api-key": [NEW]}},
        {"credentials": NEW},
        {"base-url": f"https://x:{NEW}@packy.example/v1"},
        {"providers": [provider]},
        {"providers": [{**provider, "base-url": "https://fox.example/v1", "headers": {"X": [NEW]}}]},
        {"providers": [{**provider, "base-url": "https://fox.example/v1", "headers": {"X": NEW}}]},
        [NEW],
        NEW,
        {"index": 0, "value": NEW},
        {"index": 0, "value": {"api-key": NEW, "base-url": f"https://{NEW}@x/v1"}},
        {"credential": NEW},
        [{"api-key": NEW, "base-url": "https://codex.example/v1", "models": [3]}],
        [{"api-key": {"env": NEW}}],
    ]
    for path in ("/packycode", "/tppc", "/api-keys", "/codex-api-key", "/reset-cooldown"):
        for body in blocks:
            yield from ((method, path, body) for method in ("PATCH", "PUT", "POST", "DELETE"))


async def test_no_secret_is_in_any_answer_or_log(
    manage: Any, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG, "jackfield")
    said: list[str] = []
    async with manage(FILE, key=KEY) as proxy:

        async def look() -> None:
            for path in ("/config", "/packycode", "/tppc", "/api-keys", "/codex-api-key", "/health", "/models",
                         "/providers", "/plugins", "/debug", "/openapi.json", f"/{NEW}"):  # fmt: skip
                answer = await proxy.get(path)
                said.append(f"{path}: {answer.headers} {answer.text}".replace(f"/{NEW}:", ""))

        await look()
        for method, path, body in requests():
            answer = await proxy.ask(method, path, json=body)
            assert answer.status_code < 500
            said.append(f"{answer.headers} {answer.text}")
        for text in (f"api-keys: {NEW}\n", f"unknown: {NEW}\n", f"remote-management: [{NEW}]\n"):
            answer = await proxy.ask("PUT", "/config.yaml", content=text)
            assert answer.status_code == 422
            said.append(answer.text)
        await look()
        await proxy.get("/debug", headers={"Authorization": f"Bearer {NEW}"})

    out, err = capfd.readouterr()
    leaks = [line for text in (*said, caplog.text, out, err) for line in text.splitlines() if CANARY in line]
    assert not leaks, "\n".join(leaks)
    assert "updated" in caplog.text, "the log was looked at"
