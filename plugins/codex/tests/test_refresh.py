"""Renewing a login: when, how often, what is written back, and what becomes of one that cannot be renewed."""

from __future__ import annotations

import asyncio
import dataclasses
import errno
import gzip
import stat
from pathlib import Path
from typing import Any

import jackfield_codex.refresh
import pytest
from filelock import FileLock
from jackfield.testing import (
    FakeUpstream,
    Head,
    Pause,
    closed_url,
    html_page,
    http_error,
    json_reply,
    reply,
    text_answer,
)

REFUSED = http_error(401, "Provided authentication token is expired.", code="token_expired")


async def test_an_expired_login_is_renewed_before_the_call(
    stale: Path, backend: FakeUpstream, endpoint: FakeUpstream, serve: Any, kit: Any
) -> None:
    endpoint.script(kit.tokens(refresh_token="refresh-2", id_token=kit.jwt(email="eve@example.com")))
    house = await serve(stale)

    answer = await house.ask()

    assert answer.status_code == 200, answer.text
    assert [request.key for request in backend.requests] == [kit.access(240, "second")]
    assert endpoint.last.json() == {
        "client_id": "app_EMoamEEZ73f0CkXaXp7hrann",
        "grant_type": "refresh_token",
        "refresh_token": kit.refresh,
    }
    assert house.credentials["auth.json"].label == "eve@example.com"


async def test_what_is_renewed_is_written_back_and_all_else_kept(
    tmp_path: Path, endpoint: FakeUpstream, backend: FakeUpstream, serve: Any, kit: Any
) -> None:
    content = kit.login(kit.access(-1), backend.base_url, auth_mode="chatgpt", extra={"of": ["others"]})
    file = kit.write(tmp_path / "there" / "auth.json", content)
    file.chmod(0o644)
    endpoint.script(kit.tokens(refresh_token="refresh-2"))
    house = await serve(file)

    await house.ask()

    fresh = {"access_token": kit.access(240, "second"), "refresh_token": "refresh-2"}
    told = {"tokens": content["tokens"] | fresh, "last_refresh": "2026-01-01T00:00:00.000000Z"}
    assert house.stored == content | told
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert {each.name for each in file.parent.iterdir()} <= {"auth.json", ".auth.json.lock"}


async def test_a_link_to_a_login_stays_a_link(
    tmp_path: Path, stale: Path, endpoint: FakeUpstream, serve: Any, kit: Any
) -> None:
    link = tmp_path / "link.json"
    link.symlink_to(stale)
    endpoint.script(kit.tokens())
    house = await serve(link)

    assert (await house.ask()).status_code == 200

    assert link.is_symlink()
    assert kit.access(240, "second") in kit.text(stale)


async def test_a_login_is_renewed_some_minutes_before_it_expires(
    auth: Path, backend: FakeUpstream, endpoint: FakeUpstream, serve: Any, kit: Any
) -> None:
    first = kit.access()
    house = await serve(auth)
    await house.ask()
    kit.clock.advance(3600 - 299)
    endpoint.script(kit.tokens())
    renewed = kit.access(240, "second")

    await house.ask()
    await house.ask()

    assert [request.key for request in backend.requests] == [first, renewed, renewed]
    assert len(endpoint.requests) == 1


async def test_requests_at_once_renew_a_login_once(
    stale: Path, backend: FakeUpstream, endpoint: FakeUpstream, serve: Any, kit: Any
) -> None:
    endpoint.script(kit.tokens().first(Pause()))
    house = await serve(stale)

    asked = [asyncio.create_task(house.ask()) for _ in range(5)]
    [request] = await endpoint.wait_for_requests(1)
    await request.wait_paused()
    await asyncio.sleep(0.2)
    request.resume()

    assert {answer.status_code for answer in await asyncio.gather(*asked)} == {200}
    assert len(endpoint.requests) == 1
    assert {each.key for each in backend.requests} == {kit.access(240, "second")}


async def test_a_token_that_the_backend_refuses_is_renewed_once(
    auth: Path, backend: FakeUpstream, endpoint: FakeUpstream, serve: Any, kit: Any
) -> None:
    backend.script(REFUSED, text_answer("again"))
    endpoint.script(kit.tokens())
    house = await serve(auth)

    answer = await house.ask()

    assert "again" in answer.text
    assert [request.key for request in backend.requests] == [kit.access(), kit.access(240, "second")]


async def test_a_backend_that_refuses_every_token_is_asked_twice(
    auth: Path, backend: FakeUpstream, endpoint: FakeUpstream, serve: Any, kit: Any
) -> None:
    backend.default = REFUSED
    endpoint.script(kit.tokens())
    house = await serve(auth)

    answer = await house.ask()

    assert answer.status_code == 502
    assert (len(backend.requests), len(endpoint.requests)) == (2, 1)


async def test_a_login_that_cannot_be_renewed_is_disabled_until_somebody_logs_in_again(
    stale: Path, backend: FakeUpstream, endpoint: FakeUpstream, serve: Any, kit: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "jackfield")
    reason = "it cannot be renewed (refresh_token_expired); run `codex login`"
    house = await serve(stale, demo={"enabled": False})

    answer = await house.ask()
    assert answer.status_code == 502
    assert answer.json()["error"]["message"] == f"the login auth.json: {reason}"
    found = house.credentials["auth.json"]
    assert (found.status, found.metadata["reason"]) == ("disabled", reason)
    assert (await house.ask()).status_code == 503
    assert (len(endpoint.requests), len(backend.requests)) == (1, 0)
    assert f"credential auth.json: active -> disabled ({reason})" in caplog.text

    again = kit.login(kit.access(10, "new"), backend.base_url)
    again["tokens"]["refresh_token"] = "refresh-of-another-day"
    kit.write(stale, again)
    await kit.until(lambda: house.credentials["auth.json"].status == "active")
    assert (await house.ask()).status_code == 200
    for secret in ("sk-canary", kit.refresh, "refresh-of-another-day", kit.access(-1), kit.access(10, "new")):
        assert secret not in caplog.text


async def test_another_credential_serves_when_a_login_ends(
    stale: Path, endpoint: FakeUpstream, upstream: FakeUpstream, serve: Any
) -> None:
    key = {"api-key": "sk-of-the-key-123456", "base-url": upstream.base_url, "priority": -1}
    house = await serve(stale, **{"codex-api-key": [key]})

    answer = await house.ask()

    assert answer.status_code == 200, answer.text
    assert upstream.last.key == "sk-of-the-key-123456"


async def test_a_login_without_a_refresh_token_ends_with_its_token(
    tmp_path: Path, endpoint: FakeUpstream, backend: FakeUpstream, serve: Any, kit: Any
) -> None:
    content = kit.login(kit.access(-1), backend.base_url)
    del content["tokens"]["refresh_token"]
    house = await serve(kit.write(tmp_path / "auth.json", content))

    assert (await house.ask()).status_code == 502
    reason = house.credentials["auth.json"].metadata["reason"]
    assert reason == "it has expired and has no refresh token; run `codex login`"
    assert endpoint.requests == []


OUTAGES = {
    "500": http_error(500, "down"),
    "a pause": json_reply({"error": "temporarily_unavailable"}, 400),
    "403 from a firewall": dataclasses.replace(html_page(), status=403),
    "no token": json_reply({"ok": True}),
    "no JSON": html_page(),
    "a bomb (U1)": reply(gzip.compress(bytes(20_000_000)), content_encoding="gzip"),
    "a bomb that nobody declared (U1)": reply(gzip.compress(bytes(20_000_000))),
    "an answer of megabytes (U1)": reply(b" " * 4_000_000),
}


@pytest.mark.parametrize("outage", OUTAGES)
async def test_an_outage_of_the_token_endpoint_ends_no_login(
    outage: str, stale: Path, backend: FakeUpstream, endpoint: FakeUpstream, serve: Any, kit: Any
) -> None:
    endpoint.script(OUTAGES[outage], kit.tokens())
    before = kit.text(stale)
    house = await serve(stale)

    assert (await house.ask()).status_code >= 500
    assert (house.credentials["auth.json"].status, kit.text(stale)) == ("active", before)
    kit.clock.advance(120)
    assert (await house.ask()).status_code == 200


async def test_an_answer_without_end_has_one(
    stale: Path, endpoint: FakeUpstream, serve: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """U1's relative: the token endpoint goes silent in the middle; its connection is closed."""
    monkeypatch.setattr(jackfield_codex.refresh, "WITHIN", 0.5)
    endpoint.script(json_reply({"a": 1}).first(Head(), Pause()))
    house = await serve(stale)

    assert (await house.ask()).status_code >= 500
    await endpoint.last.wait_closed()
    assert house.credentials["auth.json"].status == "active"


async def test_a_token_that_is_still_good_is_used_while_it_cannot_be_renewed(
    tmp_path: Path, backend: FakeUpstream, serve: Any, kit: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CODEX_REFRESH_TOKEN_URL_OVERRIDE", f"{closed_url()}/responses")
    file = kit.write(tmp_path / "auth.json", kit.login(kit.access(0.05), backend.base_url))
    house = await serve(file)

    assert (await house.ask()).status_code == 200
    assert backend.last.key == kit.access(0.05)


async def test_k1_a_login_on_a_full_disk_is_told_to_need_room(
    stale: Path, endpoint: FakeUpstream, serve: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(target: Path) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(jackfield_codex.refresh, "_check_writable", refuse)
    house = await serve(stale)

    answer = await house.ask()

    told = "the login auth.json cannot be renewed: no space left on device; make room on its disk"
    assert answer.json()["error"]["message"] == told
    assert endpoint.requests == []


async def test_a_login_that_could_not_be_stored_is_not_renewed(
    stale: Path, endpoint: FakeUpstream, serve: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(target: Path) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(jackfield_codex.refresh, "_check_writable", refuse)
    house = await serve(stale)

    answer = await house.ask()

    told = "the login auth.json cannot be renewed: read-only file system; make it and its folder writable"
    assert answer.json()["error"]["message"] == told
    assert endpoint.requests == []
    assert str(stale.parent) not in answer.text


async def test_a_client_that_leaves_costs_no_login(stale: Path, endpoint: FakeUpstream, serve: Any, kit: Any) -> None:
    endpoint.script(kit.tokens(refresh_token="refresh-2").first(Pause()))
    house = await serve(stale)
    asked = asyncio.create_task(house.ask())
    [request] = await endpoint.wait_for_requests(1)
    await request.wait_paused()

    asked.cancel()
    await asyncio.gather(asked, return_exceptions=True)
    request.resume()
    await kit.until(lambda: house.stored["tokens"]["refresh_token"] == "refresh-2")

    assert (await house.ask()).status_code == 200
    assert len(endpoint.requests) == 1


async def test_a_login_renewed_by_another_process_is_taken_from_its_file(
    stale: Path, backend: FakeUpstream, endpoint: FakeUpstream, serve: Any, kit: Any
) -> None:
    house = await serve(stale)
    with FileLock(str(stale.with_name(".auth.json.lock"))):
        asked = asyncio.create_task(house.ask())
        await asyncio.sleep(0.2)
        assert endpoint.requests == []
        kit.write(stale, kit.login(kit.access(5, "theirs"), backend.base_url))

    assert (await asked).status_code == 200
    assert backend.last.key == kit.access(5, "theirs")
    assert endpoint.requests == []


async def test_a_login_that_became_an_api_key_sends_nothing_without_a_key(
    stale: Path, backend: FakeUpstream, endpoint: FakeUpstream, serve: Any, kit: Any
) -> None:
    house = await serve(stale)
    with FileLock(str(stale.with_name(".auth.json.lock"))):
        asked = asyncio.create_task(house.ask())
        await asyncio.sleep(0.2)
        kit.write(stale, {"OPENAI_API_KEY": "sk-of-the-platform-123"})

    answer = await asked
    assert answer.status_code == 502
    assert "the login auth.json holds an API key by now" in answer.text
    assert (backend.requests, endpoint.requests) == ([], [])


async def test_a_refresh_token_that_the_codex_cli_has_just_spent_is_no_end(
    stale: Path, backend: FakeUpstream, endpoint: FakeUpstream, serve: Any, kit: Any
) -> None:
    def spent(request: Any) -> Any:
        content = kit.login(kit.access(5, "theirs"), backend.base_url)
        content["tokens"]["refresh_token"] = "refresh-of-the-cli"
        kit.write(stale, content)
        return json_reply({"error": {"code": "refresh_token_reused"}}, 401)

    endpoint.script(spent)
    house = await serve(stale)

    assert (await house.ask()).status_code == 200
    assert backend.last.key == kit.access(5, "theirs")
    assert house.stored["tokens"]["refresh_token"] == "refresh-of-the-cli"


async def test_a_login_goes_through_its_proxy_to_the_token_endpoint_too(
    stale: Path, endpoint: FakeUpstream, serve: Any
) -> None:
    house = await serve(stale, **{"proxy-url": "http://127.0.0.1:1"})

    assert (await house.ask()).status_code == 502
    assert endpoint.requests == []
