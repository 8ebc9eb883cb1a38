"""Lines 6 to 8 of docs/security.md: who gets in, from where, and by which path."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import bcrypt
import orjson
import pytest
import yaml
from jackfield.edge.key_throttle import BURST
from jackfield.testing import FakeClock, FakeUpstream

KEY, WRONG = "client-key-0123456789abcdef", "wrong-key-0123456789abcdef"
MANAGEMENT = "management-key-0123456789"
HASH = bcrypt.hashpw(MANAGEMENT.encode(), bcrypt.gensalt(4)).decode()
MANAGED = {"secret-key": HASH}
CLIENT_ROUTES = [("POST", "/v1/responses"), ("POST", "/v1/chat/completions"), ("POST", "/v1/messages"),
                 ("POST", "/v1/messages/count_tokens"), ("GET", "/v1/models"), ("GET", "/v1/models/gpt-5")]  # fmt: skip
PAGE = "https://app.example.com"


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


def status(answer: bytes) -> int:
    return int(answer.split()[1])


# -- 6


def asking(key: str, *headers: str) -> tuple[str, ...]:
    return ("GET", "/v1/models", f"x-api-key: {key}", *headers)


async def test_06_wrong_client_keys_are_slowed_down_per_address(proxy: Any, request_bytes: Any) -> None:
    clock = FakeClock()
    house = await proxy(api_keys=[KEY], clock=clock)
    wrong, right = request_bytes(*asking(WRONG)), request_bytes(*asking(KEY))

    guesses = [status(await house.raw(wrong)) for _ in range(BURST + 3)]
    refused = await house.raw(wrong)
    let_in = await house.raw(right)
    clock.advance(2.0)
    later = await house.raw(wrong)

    assert guesses == [401] * BURST + [429] * 3
    assert status(refused) == 429
    assert b"retry-after: 1\r\n" in refused.lower()
    assert b"wrong API keys" in refused
    assert status(let_in) == 200, "a right key always passes"
    assert status(later) == 401


@pytest.mark.parametrize(("method", "path"), CLIENT_ROUTES)
async def test_06_a_right_key_passes_amid_wrong_ones_from_its_address(
    proxy: Any, fox: FakeUpstream, method: str, path: str
) -> None:
    """K5: a loop with a stale key takes nothing from the one beside it."""
    house = await proxy(fox, api_keys=[KEY], clock=FakeClock())
    for _ in range(BURST + 5):
        assert (await house.client.request(method, path, headers=bearer(WRONG))).status_code in (401, 429)
    statuses = [(await house.client.request(method, path, headers=bearer(KEY), content=b"{}")).status_code
                for _ in range(20)]  # fmt: skip
    assert not {401, 403, 429} & set(statuses)


async def test_06_a_preflight_shows_no_key_and_is_not_slowed_down(proxy: Any) -> None:
    house = await proxy(api_keys=[KEY], allowed_origins=[PAGE], clock=FakeClock())
    for _ in range(BURST + 5):
        await house.client.get("/v1/models", headers=bearer(WRONG))
    asked = {"Origin": PAGE, "Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": "authorization"}
    assert (await house.client.options("/v1/models", headers=asked)).status_code == 204


async def test_06_neither_right_nor_missing_keys_count(proxy: Any, request_bytes: Any) -> None:
    house = await proxy(api_keys=[KEY], clock=FakeClock())
    for _ in range(BURST):
        assert (await house.client.get("/v1/models")).status_code == 401
        assert (await house.client.get("/v1/models", headers=bearer(KEY))).status_code == 200


async def test_06_wrong_management_keys_ban_localhost_too(proxy: Any, request_bytes: Any) -> None:
    clock = FakeClock()
    house = await proxy(remote_management=MANAGED, clock=clock)
    for _ in range(5):
        assert (await house.client.get("/v0/management/debug", headers=bearer(WRONG))).status_code == 401

    banned = await house.client.get("/v0/management/debug", headers=bearer(WRONG))
    right = await house.client.get("/v0/management/debug", headers=bearer(MANAGEMENT))
    elsewhere = await house.raw(
        request_bytes("GET", "/v0/management/debug", f"X-Management-Key: {MANAGEMENT}"), local="127.0.0.9"
    )
    clock.advance(30 * 60.0)

    assert banned.status_code == 403
    assert int(banned.headers["retry-after"]) == 30 * 60
    assert right.status_code == 200, "the right key always passes"
    assert status(elsewhere) == 200
    assert (await house.client.get("/v0/management/debug", headers=bearer(WRONG))).status_code == 401


@pytest.mark.parametrize("header", ["X-Forwarded-For: 127.0.0.1", "X-Real-IP: 127.0.0.1", "Forwarded: for=127.0.0.1"])
async def test_06_no_right_comes_from_an_address(proxy: Any, request_bytes: Any, header: str) -> None:
    house = await proxy(api_keys=[KEY], remote_management=MANAGED, trusted_proxies=["127.0.0.1"])

    assert status(await house.raw(request_bytes("GET", "/v1/models"))) == 401, "loopback itself"
    assert status(await house.raw(request_bytes("GET", "/v1/models", header))) == 401
    assert status(await house.raw(request_bytes("GET", "/v0/management/debug"))) == 401
    forwarded = request_bytes("GET", "/v0/management/debug", header, f"X-Management-Key: {MANAGEMENT}")
    assert status(await house.raw(forwarded)) == 403, "what a proxy hands on is remote, whatever it says"


async def test_06_forwarded_addresses_count_only_from_trusted_proxies(proxy: Any, request_bytes: Any) -> None:
    """The same attempts, seen through a proxy at 127.0.0.9 that nobody trusts, and then through one that is trusted."""
    for trusted, last in (([], 429), (["10.0.0.1"], 429), (["127.0.0.9"], 401)):
        house = await proxy(api_keys=[KEY], clock=FakeClock(), trusted_proxies=trusted)
        answers = [
            status(
                await house.raw(request_bytes(*asking(WRONG, f"X-Forwarded-For: 198.51.100.{n}")), local="127.0.0.9")
            )
            for n in range(BURST + 1)
        ]
        assert answers == [401] * BURST + [last]


async def test_06_what_a_client_wrote_before_the_proxy_is_not_believed(proxy: Any, request_bytes: Any) -> None:
    house = await proxy(api_keys=[KEY], clock=FakeClock(), trusted_proxies=["127.0.0.9", "10.0.0.0/8"])
    answers = [
        status(
            await house.raw(
                request_bytes(*asking(WRONG, f"X-Forwarded-For: 198.51.100.{n}, 203.0.113.7, 10.1.2.3")),
                local="127.0.0.9",
            )
        )
        for n in range(BURST + 1)
    ]
    assert answers == [401] * BURST + [429]


async def test_06_guesses_made_at_once_are_all_counted(proxy: Any) -> None:
    house = await proxy(remote_management=MANAGED, clock=FakeClock())
    guesses = (house.client.get("/v0/management/debug", headers=bearer(f"{WRONG}{n}")) for n in range(20))
    statuses = [answer.status_code for answer in await asyncio.gather(*guesses)]
    assert statuses.count(401) == 5
    assert statuses.count(403) == 15


# -- 7

CROOKED = ["//v0/management/debug", "/v0//management/debug", "/v0/management//debug", "/v0%2fmanagement/debug",
           "/v0/management%2Fdebug", "/v0/x/../management/debug", "/v0/./management/debug", "/v0/%2e%2e/v0/debug",
           "/v0/management/debug/..", "/v0/management\\debug", "//v1/models", "/v1//models", "/v1%2Fmodels",
           "/v1/x/../models", "/v1/models/%2e%2e/models", "/v1/./models", "/..", "/v1/models/.."]  # fmt: skip


@pytest.mark.parametrize("key", [MANAGEMENT, KEY, ""], ids=["management key", "client key", "no key"])
async def test_07_a_path_in_disguise_is_404_before_anything_else(proxy: Any, request_bytes: Any, key: str) -> None:
    house = await proxy(api_keys=[KEY], remote_management=MANAGED)
    for path in CROOKED:
        for method in ("GET", "POST", "OPTIONS"):
            shown = [f"Authorization: Bearer {key}"] if key else []
            assert status(await house.raw(request_bytes(method, path, *shown))) == 404, path


HOSTS = ["x/v1/models?", "127.0.0.1/v1/models#", "evil.example/healthz?x=", "a@b", "x:99999", ""]


PLACES = [("/v0/management/debug", 401, MANAGEMENT), ("/v1/models", 401, KEY), ("/healthz", 200, ""),
          ("/nowhere", 404, "")]  # fmt: skip


async def test_07_what_host_says_decides_nothing(proxy: Any) -> None:
    house = await proxy(api_keys=[KEY], remote_management=MANAGED)
    for host in HOSTS:
        for path, without, key in PLACES:
            head = f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n"
            assert status(await house.raw(f"{head}\r\n".encode())) in (without, 400), (host, path)
            if key:
                shown = f"{head}Authorization: Bearer {key}\r\n\r\n"
                assert status(await house.raw(shown.encode())) in (200, 400), (host, path)


async def test_07_the_authority_in_a_target_decides_nothing(proxy: Any, request_bytes: Any) -> None:
    """A target that is a whole URL is that of its path (RFC 9112, 3.2.2); any other form leads nowhere."""
    house = await proxy(api_keys=[KEY], remote_management=MANAGED)
    for headers in ((), (f"Authorization: Bearer {MANAGEMENT}",), (f"x-api-key: {KEY}",)):
        for path in ("/v0/management/debug", "/v1/models", "/healthz"):
            plain = status(await house.raw(request_bytes("GET", path, *headers)))
            assert status(await house.raw(request_bytes("GET", f"http://x{path}", *headers))) == plain, path
        for target in ("*", "x:80", "ftp://x/healthz", "http://x//v1/models", "http://x/v1/../v0/management/debug"):
            assert status(await house.raw(request_bytes("GET", target, *headers))) in (400, 404), target


# -- 8


async def test_08_cors_is_off(proxy: Any, fox: FakeUpstream) -> None:
    house = await proxy(fox, api_keys=[KEY])
    answer = await house.post(headers={"Origin": PAGE, **bearer(KEY)})
    preflight = await house.client.options("/v1/responses", headers=asked_by(PAGE))

    assert answer.status_code == 200, "a key is a key"
    assert preflight.status_code == 405
    for each in (answer, preflight):
        assert not [name for name in each.headers if name.startswith("access-control")]


def asked_by(origin: str, method: str = "POST") -> dict[str, str]:
    headers = "authorization, content-type, x-stainless-lang"
    return {"Origin": origin, "Access-Control-Request-Method": method, "Access-Control-Request-Headers": headers}


@pytest.mark.parametrize("origin", [PAGE, "null", "http://127.0.0.1:8317", "http://rebound.example:8317"])
@pytest.mark.parametrize(("method", "route"), CLIENT_ROUTES)
async def test_08_a_page_spends_nothing_of_a_proxy_without_keys(
    proxy: Any, fox: FakeUpstream, method: str, route: str, origin: str
) -> None:
    """Any page could send this: a form's content type needs no preflight."""
    house = await proxy(fox)
    answer = await house.client.request(
        method,
        route,
        content=orjson.dumps({"model": "gpt-5"}),
        headers={"Origin": origin, "content-type": "text/plain"},
    )

    assert answer.status_code == 403
    assert "allowed-origins" in answer.text
    assert fox.requests == []


@pytest.mark.parametrize("listed", [PAGE, "*"])
async def test_08_a_listed_page_may_ask_and_read(proxy: Any, fox: FakeUpstream, listed: str) -> None:
    house = await proxy(fox, allowed_origins=[listed])
    preflight = await house.client.options("/v1/responses", headers=asked_by(PAGE))
    answer = await house.post(headers={"Origin": PAGE})
    broken = await house.post(headers={"Origin": PAGE}, content=b"{")

    assert (preflight.status_code, answer.status_code, broken.status_code) == (204, 200, 400)
    assert preflight.headers["access-control-allow-headers"] == asked_by(PAGE)["Access-Control-Request-Headers"]
    assert "POST" in preflight.headers["access-control-allow-methods"]
    for each in (preflight, answer, broken):
        assert each.headers["access-control-allow-origin"] == PAGE
        assert each.headers["vary"] == "Origin"
        assert "access-control-allow-credentials" not in each.headers


async def test_08_an_unlisted_page_gets_no_leave(proxy: Any, fox: FakeUpstream) -> None:
    house = await proxy(fox, allowed_origins=[PAGE], api_keys=[KEY])
    other = "https://app.example.com.evil.example"
    preflight = await house.client.options("/v1/responses", headers=asked_by(other))
    answer = await house.post(headers={"Origin": other, **bearer(KEY)})

    for each in (preflight, answer):
        assert "access-control-allow-origin" not in each.headers
        assert each.headers["vary"] == "Origin"
    assert preflight.status_code == 405


async def test_08_a_list_holds_after_an_edit_without_a_restart(proxy: Any, fox: FakeUpstream) -> None:
    house = await proxy(fox)
    assert (await house.post(headers={"Origin": PAGE})).status_code == 403

    await house.host.config.change(lambda text: f"{text}\nallowed-origins: [{PAGE}]\n")

    assert (await house.post(headers={"Origin": PAGE})).status_code == 200


@pytest.mark.parametrize("origin", [PAGE, "null", "http://127.0.0.1:8317"])
@pytest.mark.parametrize("listed", [[], ["https://other.example"]])
async def test_08_management_refuses_an_unlisted_page(proxy: Any, origin: str, listed: list[str]) -> None:
    house = await proxy(remote_management={**MANAGED, "allowed-origins": listed}, allowed_origins=["*"])
    route = "/v0/management/debug"
    answer = await house.client.get(route, headers={"Origin": origin, **bearer(MANAGEMENT)})
    preflight = await house.client.options(route, headers=asked_by(origin, "PUT"))

    assert (answer.status_code, preflight.status_code) == (403, 403)
    assert "remote-management.allowed-origins" in answer.json()["message"]
    for each in (answer, preflight):
        assert "access-control-allow-origin" not in each.headers


async def test_08_management_lets_a_listed_page_in_with_the_key(proxy: Any) -> None:
    house = await proxy(remote_management={**MANAGED, "allowed-origins": [PAGE]})
    route = "/v0/management/debug"
    preflight = await house.client.options(route, headers=asked_by(PAGE, "PUT"))
    keyless = await house.client.get(route, headers={"Origin": PAGE})
    answer = await house.client.put(route, json={"value": True}, headers={"Origin": PAGE, **bearer(MANAGEMENT)})
    plain = await house.client.options(route, headers={"Origin": PAGE})

    assert [each.status_code for each in (preflight, keyless, answer, plain)] == [204, 401, 200, 401]
    assert "PUT" in preflight.headers["access-control-allow-methods"]
    assert "X-Management-Key" in preflight.headers["access-control-allow-headers"]
    for each in (preflight, keyless, answer):
        assert each.headers["access-control-allow-origin"] == PAGE
        assert "Origin" in each.headers["vary"]
        assert "access-control-allow-credentials" not in each.headers


async def test_08_a_preflight_tells_nothing_while_management_is_off(proxy: Any) -> None:
    house = await proxy(remote_management={"allowed-origins": [PAGE]})
    assert (await house.client.options("/v0/management/debug", headers=asked_by(PAGE))).status_code == 404


@pytest.mark.parametrize(
    ("key", "origin"),
    [("allowed-origins", "null"), ("allowed-origins", "app.example.com"), ("allowed-origins", f"{PAGE}/"),
     ("remote-management", "*"), ("remote-management", "*.example.com")],
)  # fmt: skip
def test_08_what_is_no_origin_cannot_be_listed(command: Any, tmp_path: Path, key: str, origin: str) -> None:
    listed: Any = {"allowed-origins": [origin]} if key == "remote-management" else [origin]
    (tmp_path / "config.yaml").write_text(yaml.safe_dump({key: listed}))

    done = command("config", "check")

    assert done.returncode == 1
    assert "allowed-origins[0]" in done.stdout + done.stderr
