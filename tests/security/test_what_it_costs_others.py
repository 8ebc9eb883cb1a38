"""What one client, one provider or one failed write may cost the others (lines 28 to 31 of docs/security.md)."""

from __future__ import annotations

import asyncio
import base64
import errno
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from jackfield.testing import FakeUpstream, Script, SendEvent, http_error, json_reply, reply, text_answer

PAGE = "<!DOCTYPE html><html><body>you have been blocked</body></html>"


def long_history(calls: int) -> dict[str, Any]:
    """Return a Chat request with this many calls, and their results in backward order."""
    ids = [f"call_{number}" for number in range(calls)]
    asked = [{"id": each, "type": "function", "function": {"name": "read", "arguments": "{}"}} for each in ids]
    told = [{"role": "tool", "tool_call_id": each, "content": "x" * 40} for each in reversed(ids)]
    return {"model": "gpt-5", "messages": [{"role": "assistant", "tool_calls": asked}, *told]}


async def test_28_a_costly_request_lets_others_be_answered_before_it(proxy: Any, fox: FakeUpstream) -> None:
    started = await proxy(fox)
    costly = asyncio.create_task(started.post("/v1/chat/completions", json=long_history(16_000)))
    answered = 0
    while not costly.done():
        assert (await started.client.get("/healthz")).status_code == 200
        answered += 1
    assert (await costly).status_code == 200
    assert answered > 3


async def test_28_more_parts_than_a_request_can_need_are_refused_unread(proxy: Any, fox: FakeUpstream) -> None:
    started = await proxy(fox)
    body = b'{"model": "gpt-5", "input": "hi", "x": [' + b"[]," * 1_000_001 + b"[]]}"
    answer = await started.post(content=body)
    assert answer.status_code == 413
    assert "brackets and commas" in answer.json()["error"]["message"]
    assert fox.requests == []


async def test_28_what_is_held_before_the_first_content_has_an_end(proxy: Any, fox: FakeUpstream) -> None:
    started = await proxy(fox)
    fox.default = Script(tuple(SendEvent({"type": "response.in_progress", "response": {}}) for _ in range(25_000)))
    answer = await started.post()
    assert answer.status_code == 502


FAULTS = {
    "a firewall's page": reply(PAGE, 403, "text/html"),
    "a policy": http_error(403, "no", code="content_policy_violation", kind="permission_error"),
    "an error of the upstream's": http_error(500, "boom"),
    "a size": http_error(413, "Request too large", code="rate_limit_exceeded"),
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
async def test_29_one_clients_request_takes_no_provider_from_another(
    proxy: Any, fox: FakeUpstream, owl: FakeUpstream, fault: Script
) -> None:
    started = await proxy(fox, owl)
    for upstream in (fox, owl):
        upstream.default = lambda request: fault if b"POISON" in request.body else text_answer("Served.")
    for _ in range(4):
        assert (await started.post(json={"model": "gpt-5", "input": "POISON"})).status_code >= 400
        assert (await started.post()).status_code == 200


def token(name: str, expires: datetime) -> str:
    """Return an access token that says when it expires."""
    parts = ({"alg": "none"}, {"exp": int(expires.timestamp()), "jti": name}, {"signed": "by nobody"})
    return ".".join(base64.urlsafe_b64encode(orjson.dumps(part)).decode().rstrip("=") for part in parts)


async def test_30_a_renewed_login_that_cannot_be_written_serves_all_the_same(
    proxy: Any, fox: FakeUpstream, owl: FakeUpstream, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = datetime.now(UTC)
    first, second = token("first", now - timedelta(hours=1)), token("second", now + timedelta(days=9))
    login = {
        "tokens": {"access_token": first, "refresh_token": "refresh-1", "account_id": "a"},
        "base_url": fox.base_url,
    }
    (tmp_path / "auth.json").write_bytes(orjson.dumps(login))
    owl.script(json_reply({"access_token": second, "refresh_token": "refresh-2"}))
    monkeypatch.setenv("CODEX_REFRESH_TOKEN_URL_OVERRIDE", f"{owl.base_url}/responses")

    def refuse(source: object, target: object, **_: object) -> None:
        raise OSError(errno.EBUSY, os.strerror(errno.EBUSY), str(target))

    started = await proxy(codex_login=[str(tmp_path / "auth.json")])
    monkeypatch.setattr(os, "replace", refuse)
    for _ in range(2):
        answer = await started.post()
        assert answer.status_code == 200, answer.text
    assert {request.key for request in fox.requests} == {second}
    assert len(owl.requests) == 1
    assert orjson.loads((tmp_path / "auth.json").read_bytes())["tokens"]["refresh_token"] == "refresh-2"


@pytest.mark.parametrize("reference", ["env:SECRET_OF_THE_MACHINE", "file:/etc/hostname"])
async def test_31_the_management_key_reads_no_secret_that_the_file_does_not_name(
    proxy: Any, fox: FakeUpstream, owl: FakeUpstream, monkeypatch: pytest.MonkeyPatch, reference: str
) -> None:
    monkeypatch.setenv("SECRET_OF_THE_MACHINE", "sk-canary-0123456789")
    key = "management-key-0123456789"
    started = await proxy(fox, remote_management={"secret-key": key})
    entry = {"name": "mine", "enabled": True, "base-url": owl.base_url, "api-key": reference}
    answer = await started.client.patch(
        "/v0/management/tppc", json={"providers": [entry]}, headers={"X-Management-Key": key}
    )
    assert answer.status_code == 422
    assert "api-key" in answer.json()["problems"][0]["path"]
    await started.post(json={"model": "mine/gpt-5", "input": "hi"})
    assert owl.requests == []
