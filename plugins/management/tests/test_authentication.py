"""Who gets in, who does not, and what they are told."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import bcrypt
import pytest
from jackfield.testing import make_app
from jackfield_management.keys import Lock

KEY = "correct horse battery staple"
PREFIX = "/v0/management"
ROUTES = ["/packycode", "/tppc", "/config", "/config.yaml", "/health", "/openapi.json", "/nothing-here", ""]
PLAIN = "# who may\nremote-management:\n  secret-key: '{}' # mine\nport: 1\n"


async def asked(config: str, path: str = "/debug", *, address: str = "127.0.0.1", **headers: str) -> Any:
    """Return the answer to a request that comes from an address."""
    client = make_app(config).test_client()
    shown = {name.replace("_", "-"): value for name, value in headers.items()}
    return await client.get(PREFIX + path, headers=shown, scope_base={"client": (address, 4321)})


def managed(key: str = "management-key", **more: Any) -> str:
    settings = "".join(f"  {name.replace('_', '-')}: {value}\n" for name, value in more.items())
    return f"remote-management:\n  secret-key: {key!r}\n{settings}"


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE", "POST", "OPTIONS"])
async def test_without_a_key_there_is_no_management(manage: Any, route: str, method: str) -> None:
    async with manage("remote-management: {secret-key: ''}\n") as proxy:
        answer = await proxy.ask(method, route)

    assert answer.status_code == 404
    assert answer.json()["error"] == "not found"
    assert "remote-management.secret-key" in answer.json()["message"]


@pytest.mark.parametrize("route", ROUTES)
async def test_every_route_asks_for_the_key(manage: Any, route: str) -> None:
    async with manage(key="") as proxy:
        missing = await proxy.get(route)
        wrong = await proxy.get(route, headers={"X-Management-Key": "guess"})

    assert (missing.status_code, missing.json()["error"]) == (401, "missing management key")
    assert (wrong.status_code, wrong.json()) == (401, {"error": "invalid management key"})


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": f"Bearer {KEY}"},
        {"Authorization": f"bearer  {KEY}"},
        {"X-Management-Key": KEY},
        {"Authorization": f"Bearer {KEY}", "X-Management-Key": KEY},
        {"Authorization": "Basic eDp5", "X-Management-Key": KEY},
    ],
)
async def test_the_key_comes_in_either_header(manage: Any, headers: Mapping[str, str]) -> None:
    async with manage(key="") as proxy:
        answer = await proxy.get("/debug", headers=headers)

    assert answer.status_code == 200


async def test_two_different_keys_are_refused(manage: Any) -> None:
    async with manage() as proxy:
        answer = await proxy.get("/debug", headers={"X-Management-Key": "another"})

    assert (answer.status_code, answer.json()["error"]) == (401, "two different management keys")


@pytest.mark.parametrize("query", ["key", "api_key", "management_key", "X-Management-Key"])
async def test_no_key_is_taken_from_the_query(manage: Any, query: str) -> None:
    async with manage(key="") as proxy:
        answer = await proxy.get("/debug", params={query: KEY})

    assert answer.status_code == 401


async def test_the_password_of_the_environment_opens_it_too(manage: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MANAGEMENT_PASSWORD", "from the environment")
    async with manage() as proxy:
        by_file = await proxy.get("/debug")
        by_environment = await proxy.ask("GET", "/debug", headers={"Authorization": "Bearer from the environment"})
    async with manage("remote-management: {}\n", key="from the environment") as proxy:
        alone = await proxy.get("/debug")
        empty = await proxy.ask("GET", "/debug", headers={"Authorization": "Bearer"})

    assert [each.status_code for each in (by_file, by_environment, alone, empty)] == [200, 200, 200, 401]


async def test_keys_of_clients_and_of_management_open_their_own_doors_only(manage: Any) -> None:
    async with manage("api-keys: [sk-client-1234567890]\n") as proxy:
        as_client = {"Authorization": "Bearer sk-client-1234567890"}
        assert (await proxy.get("/debug", headers=as_client)).status_code == 401
        assert (await proxy.client.get("/v1/models", headers=as_client)).status_code == 200
        assert (await proxy.client.get("/v1/models")).status_code == 401


@pytest.mark.parametrize(
    ("address", "headers", "local"),
    [
        ("127.0.0.1", {}, True),
        ("127.8.9.1", {}, True),
        ("::1", {}, True),
        ("192.0.2.7", {}, False),
        ("2001:db8::1", {}, False),
        ("127.0.0.1", {"X_Forwarded_For": "127.0.0.1"}, False),
        ("127.0.0.1", {"Forwarded": "for=127.0.0.1"}, False),
        ("192.0.2.7", {"X_Forwarded_For": "127.0.0.1"}, False),
        ("192.0.2.7", {"Host": "localhost"}, False),
        ("", {}, False),
    ],
)
async def test_others_get_in_only_where_remote_is_allowed(address: str, headers: dict[str, str], local: bool) -> None:
    keyed = {"X_Management_Key": "management-key", **headers}
    closed = await asked(managed(), address=address, **keyed)
    opened = await asked(managed(allow_remote="true"), address=address, **keyed)

    assert closed.status_code == (200 if local else 403)
    assert local or (await closed.get_json())["error"] == "remote management is disabled"
    assert opened.status_code == 200


async def test_requests_of_web_pages_are_refused(manage: Any) -> None:
    async with manage() as proxy:
        answer = await proxy.get("/debug", headers={"Origin": proxy.server.base_url})

    assert (answer.status_code, answer.json()["error"]) == (403, "requests of web pages are refused")
    assert not [name for name in answer.headers if name.startswith("access-control")]


@pytest.mark.parametrize(
    "path",
    ["//v0/management/debug", "/v0//management/debug", "/v0/management//debug", "/v0/management/debug/",
     "/v0/management/../management/debug", "/v0/management/./debug", "/v0%2fmanagement/debug",
     "/v0/management%2Fdebug", "/v0/%6danagement/debug", "/v0/management/debu%67", "/v0/management/%2e%2e/debug",
     "/v0/management/debug%00", "/v0/management/;/debug", "/V0/management/debug", "/v0/Management/debug"],
)  # fmt: skip
async def test_a_crooked_path_leads_nowhere(manage: Any, path: str) -> None:
    async with manage() as proxy:
        reader, writer = await asyncio.open_connection("127.0.0.1", proxy.server.port)
        writer.write(f"GET {path} HTTP/1.1\r\nHost: x\r\nX-Management-Key: {KEY}\r\nConnection: close\r\n\r\n".encode())
        answer = await reader.read()
        writer.close()
        await writer.wait_closed()

    assert answer.startswith(b"HTTP/1.1 404")
    assert b'"error"' in answer


async def test_methods_and_routes_that_are_not_there_are_told(manage: Any) -> None:
    async with manage() as proxy:
        unknown = await proxy.get("/nothing-here")
        method = await proxy.ask("POST", "/packycode")
        options = await proxy.ask("OPTIONS", "/packycode")
        odd = await proxy.ask("PROPFIND", "/packycode")

    assert unknown.status_code == 404
    assert unknown.json()["error"] == "not found"
    for answer in (method, options, odd):
        assert answer.status_code == 405
        assert answer.headers["allow"] == "GET, PATCH, PUT"
    assert method.json() == {
        "error": "/v0/management/packycode does not take POST",
        "message": "it takes GET, PATCH, PUT",
    }


async def test_answers_are_kept_by_nobody(manage: Any) -> None:
    async with manage() as proxy:
        answers = [await proxy.get(route) for route in ("/config", "/config.yaml", "/nothing-here")]

    assert {answer.headers["cache-control"] for answer in answers} == {"no-store"}


async def test_a_key_in_plain_text_is_replaced_by_its_hash_at_the_start(manage: Any) -> None:
    async with manage(PLAIN.format("a-plain-key"), key="a-plain-key") as proxy:
        assert (await proxy.get("/debug")).status_code == 200
        stored = proxy.text

    before, _, after = PLAIN.partition("'{}'")
    assert stored.startswith(before)
    assert stored.endswith(after)
    hashed = stored.removeprefix(before).removesuffix(after).strip("'\"")
    assert hashed.startswith("$2b$10$")
    assert bcrypt.checkpw(b"a-plain-key", hashed.encode())


async def test_a_key_in_plain_text_is_replaced_after_an_edit_too(manage: Any) -> None:
    async with manage() as proxy:
        proxy.path.write_text(PLAIN.format("a-second-key"))
        second = {"Authorization": "Bearer a-second-key"}

        async def hashed() -> bool:
            return "a-second-key" not in proxy.text and (await proxy.get("/debug", headers=second)).status_code == 200

        await proxy.until(hashed)
        assert (await proxy.get("/debug")).status_code == 401
        stored = proxy.text

    assert "secret-key: $2b$10$" in stored.replace("'", "")


@pytest.mark.parametrize("written", ["env:TEST_KEY", "file:key.txt"])
async def test_a_reference_stays_a_reference(
    manage: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written: str
) -> None:
    monkeypatch.setenv("TEST_KEY", "kept elsewhere")
    (tmp_path / "key.txt").write_text("kept elsewhere\n")
    async with manage(PLAIN.format(written), key="kept elsewhere") as proxy:
        assert (await proxy.get("/debug")).status_code == 200
        assert proxy.text == PLAIN.format(written)


async def test_a_file_that_cannot_be_written_keeps_its_key(
    manage: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("jackfield.config.file.FileLock", _refusing)
    async with manage(PLAIN.format("a-plain-key"), key="a-plain-key") as proxy:
        assert (await proxy.get("/debug")).status_code == 200
        assert proxy.text == PLAIN.format("a-plain-key")

    assert "secret-key stays in the file in plain text" in caplog.text
    assert "a-plain-key" not in caplog.text


def _refusing(*_: object, **__: object) -> Any:
    raise PermissionError(13, "Permission denied")


@pytest.mark.parametrize("key", ["y" * 72, "ключ управления", "with 'quotes' and \\"])
async def test_unusual_keys_open_it(manage: Any, key: str) -> None:
    config = PLAIN.format(key.replace("'", "''"))
    async with manage(config, key="") as proxy:
        assert key not in proxy.text
        answer = await proxy.get("/debug", headers=[(b"X-Management-Key", key.encode())])

    assert answer.status_code == 200


async def test_a_key_too_long_for_bcrypt_stays_and_works(manage: Any, caplog: pytest.LogCaptureFixture) -> None:
    key = "long" * 30
    async with manage(PLAIN.format(key), key=key) as proxy:
        assert (await proxy.get("/debug")).status_code == 200
        assert (await proxy.get("/debug", headers={"Authorization": f"Bearer {key[:72]}"})).status_code == 401

    assert "72 bytes" in caplog.text
    assert key not in caplog.text


@pytest.mark.parametrize("stored", ["$2b$99$" + "a" * 53, "$2x$10$" + "a" * 53, "$2b$10$" + "." * 53])
async def test_a_hash_that_is_none_opens_nothing(manage: Any, stored: str) -> None:
    async with manage(PLAIN.format(stored)) as proxy:
        assert (await proxy.get("/debug")).status_code == 401
        assert (await proxy.get("/debug", headers={"Authorization": f"Bearer {stored}"})).status_code == 401


async def test_the_hash_itself_is_no_key(manage: Any) -> None:
    async with manage() as proxy:
        stored = proxy.text.partition("secret-key: ")[2].strip()
        assert stored.startswith("$2b$")
        assert (await proxy.get("/debug", headers={"Authorization": f"Bearer {stored}"})).status_code == 401


def test_no_key_fits_where_there_is_none() -> None:
    assert not Lock().known("", "")
    assert Lock().known("a key", "a key")
