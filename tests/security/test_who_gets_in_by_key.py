"""Lines 1 to 5 of docs/security.md: who gets in, and by which key."""

from __future__ import annotations

import hashlib
import hmac
from pathlib import Path
from typing import Any

import bcrypt
import pytest
import yaml
from jackfield.edge import auth
from jackfield.testing import FakeUpstream

ROOT = Path(__file__).resolve().parents[2]
KEY, OTHER, WRONG = "client-key-0123456789abcdef", "other-key-0123456789abcdef", "wrong-key-0123456789abcdef"
MANAGEMENT = "management-key-0123456789"
HASH = bcrypt.hashpw(MANAGEMENT.encode(), bcrypt.gensalt(4)).decode()
MANAGED = {"secret-key": HASH}
ROUTES = ["/v0/management", "/v0/management/config", "/v0/management/usage", "/v0/management/nothing-here"]
CLIENT_ROUTES = [("POST", "/v1/responses"), ("POST", "/v1/chat/completions"), ("POST", "/v1/messages"),
                 ("POST", "/v1/messages/count_tokens"), ("GET", "/v1/models"), ("GET", "/v1/models/gpt-5")]  # fmt: skip


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


def status(answer: bytes) -> int:
    return int(answer.split()[1])


# -- 1


async def test_01_without_a_word_about_it_the_proxy_listens_on_loopback(proxy: Any) -> None:
    assert (await proxy()).host.settings.host == "127.0.0.1"


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "jackfield.example"])
@pytest.mark.parametrize("by", ["file", "flag"])
def test_01_beyond_loopback_no_client_keys_no_start(command: Any, tmp_path: Path, host: str, by: str) -> None:
    (tmp_path / "config.yaml").write_text(f"host: '{host}'\n" if by == "file" else "")

    done = command("serve", "--port", 0, *([] if by == "file" else ["--host", host]))

    assert done.returncode == 1
    assert "api-keys" in done.stderr
    assert "127.0.0.1" in done.stderr, "the message says what to do instead"


def test_01_beyond_loopback_remote_management_needs_its_key(command: Any, tmp_path: Path) -> None:
    config = {"host": "0.0.0.0", "api-keys": [KEY], "remote-management": {"allow-remote": True}}
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(config))

    refused = command("config", "check")
    with_password = command("config", "check", MANAGEMENT_PASSWORD=MANAGEMENT)
    started = command("serve", "--port", 0)

    assert (refused.returncode, with_password.returncode, started.returncode) == (1, 0, 1)
    assert "remote-management.secret-key" in refused.stdout + refused.stderr
    assert "remote-management.secret-key" in started.stderr


async def test_01_nor_does_a_reload_open_what_a_start_would_not(proxy: Any, fox: FakeUpstream) -> None:
    house = await proxy(fox, api_keys=[KEY], remote_management=MANAGED)
    house.host.config._bound_to = "0.0.0.0"

    answer = await house.client.put("/v0/management/api-keys", json=[], headers=bearer(MANAGEMENT))

    assert answer.status_code in (409, 422)
    assert (await house.post()).status_code == 401


# -- 2


@pytest.mark.parametrize("route", ROUTES)
async def test_02_management_is_404_until_a_key_is_set(proxy: Any, route: str) -> None:
    house = await proxy(api_keys=[KEY])
    for headers in ({}, bearer(KEY), {"X-Management-Key": ""}):
        for method in ("GET", "PUT", "OPTIONS"):
            assert (await house.client.request(method, route, headers=headers)).status_code == 404


@pytest.mark.parametrize("route", ROUTES)
async def test_02_a_clients_key_opens_no_management_route(proxy: Any, route: str) -> None:
    house = await proxy(api_keys=[KEY], remote_management=MANAGED)
    for headers in (bearer(KEY), {"X-Management-Key": KEY}, {"x-api-key": KEY}):
        assert (await house.client.get(route, headers=headers)).status_code == 401


@pytest.mark.parametrize(("method", "route"), CLIENT_ROUTES)
async def test_02_the_management_key_opens_no_client_route(proxy: Any, method: str, route: str) -> None:
    house = await proxy(api_keys=[KEY], remote_management=MANAGED)
    for headers in (bearer(MANAGEMENT), {"x-api-key": MANAGEMENT}, {"X-Management-Key": MANAGEMENT}):
        assert (await house.client.request(method, route, headers=headers, json={})).status_code == 401


# -- 3


async def test_03_the_management_key_becomes_a_hash_in_the_file(proxy: Any) -> None:
    house = await proxy(remote_management={"secret-key": MANAGEMENT})

    written = house.path.read_text()
    stored = yaml.safe_load(written)["remote-management"]["secret-key"]

    assert MANAGEMENT not in written
    assert bcrypt.checkpw(MANAGEMENT.encode(), stored.encode())
    assert (await house.client.get("/v0/management/config", headers=bearer(MANAGEMENT))).status_code == 200


async def test_03_no_key_is_returned(proxy: Any) -> None:
    """`/config.yaml` alone gives the file as it stands, which holds the hash of the management key and client keys."""
    house = await proxy(api_keys=[KEY], remote_management={"secret-key": MANAGEMENT})
    hashed = yaml.safe_load(house.path.read_text())["remote-management"]["secret-key"]
    for route in ("config", "api-keys", "health", "plugins", "openapi.json", "config.yaml"):
        answer = await house.client.get(f"/v0/management/{route}", headers=bearer(MANAGEMENT))
        assert answer.status_code == 200
        hidden = [MANAGEMENT] if route == "config.yaml" else [MANAGEMENT, hashed, hashed[7:], KEY]
        for told in (answer.text, str(answer.headers)):
            assert not [secret for secret in hidden if secret in told], route


async def test_03_a_client_key_is_compared_as_a_digest_in_constant_time(
    proxy: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared: list[tuple[bytes, bytes]] = []
    compare_digest = hmac.compare_digest

    def noting(one: bytes, two: bytes) -> bool:
        compared.append((one, two))
        return compare_digest(one, two)

    house = await proxy(api_keys=[KEY, OTHER])
    monkeypatch.setattr(auth.hmac, "compare_digest", noting)
    assert (await house.client.get("/v1/models", headers=bearer(KEY))).status_code == 200

    digests = [hashlib.sha256(key.encode()).digest() for key in (KEY, OTHER)]
    assert compared == [(digests[0], digest) for digest in digests], "every key, and the whole digest"


async def test_03_what_remembers_a_key_knows_it_by_its_whole_digest(proxy: Any) -> None:
    """The management key that fitted is remembered, so that bcrypt runs once: by 32 bytes, not by a part of them."""
    house = await proxy(remote_management=MANAGED)
    assert (await house.client.get("/v0/management/debug", headers=bearer(MANAGEMENT))).status_code == 200

    for near in (MANAGEMENT[:-1], MANAGEMENT + "x", MANAGEMENT.upper(), HASH):
        answer = await house.client.get("/v0/management/debug", headers=bearer(near))
        assert answer.status_code == 401


# -- 4


def example_keys() -> list[str]:
    """Return every key that `config.example.yaml` prints, in its examples too."""
    words = (ROOT / "config.example.yaml").read_text().replace("#", " ").split()
    return sorted({word.strip("\"'") for word in words if word.startswith(("your-", "sk-"))})


@pytest.mark.parametrize("key", example_keys())
@pytest.mark.parametrize("place", ["api-keys", "remote-management", "tppc", "packycode"])
def test_04_keys_of_the_example_are_refused(command: Any, tmp_path: Path, key: str, place: str) -> None:
    entry = {"name": "fox", "enabled": True, "base-url": "https://fox.example.com/v1", "api-key": key}
    config = {
        "api-keys": [key],
        "remote-management": {"secret-key": key},
        "tppc": {"providers": [entry]},
        "packycode": {
            "enabled": True,
            "base-url": "https://fox.example.com/v1",
            "credentials": {"openai-api-key": key},
        },
    }
    (tmp_path / "config.yaml").write_text(yaml.safe_dump({place: config[place]}))

    done = command("config", "check")

    assert done.returncode == 1, done.stdout
    assert "example" in done.stdout + done.stderr


def test_04_there_are_keys_in_the_example() -> None:
    assert len(example_keys()) >= 3


@pytest.mark.parametrize(("length", "warned"), [(15, True), (16, False)])
def test_04_a_short_key_is_warned_about(command: Any, tmp_path: Path, length: int, warned: bool) -> None:
    (tmp_path / "config.yaml").write_text(yaml.safe_dump({"api-keys": ["k" * length]}))

    done = command("config", "check")

    assert done.returncode == 0
    assert ("16 characters" in done.stdout + done.stderr) is warned


# -- 5

FORMS = ["Authorization: Bearer {}", "authorization:bearer {}", "X-Api-Key: {}", "x-goog-api-key: {}"]


@pytest.mark.parametrize("form", FORMS)
async def test_05_every_route_reads_every_form(proxy: Any, fox: FakeUpstream, request_bytes: Any, form: str) -> None:
    house = await proxy(fox, api_keys=[KEY])
    for method, route in CLIENT_ROUTES:
        assert status(await house.raw(request_bytes(method, route, form.format(KEY)))) != 401, route
        assert status(await house.raw(request_bytes(method, route, form.format(WRONG)))) == 401, route


TWO = {
    "in two headers": (f"Authorization: Bearer {KEY}", f"x-api-key: {OTHER}"),
    "the right one first": (f"x-api-key: {KEY}", f"x-goog-api-key: {WRONG}"),
    "one header twice": (f"x-api-key: {KEY}", f"x-api-key: {OTHER}"),
    "bearer twice": (f"Authorization: Bearer {KEY}", f"Authorization: Bearer {OTHER}"),
}


@pytest.mark.parametrize("headers", TWO.values(), ids=TWO)
@pytest.mark.parametrize("keys", [[KEY, OTHER], []], ids=["keyed", "open"])
async def test_05_two_different_keys_are_401(
    proxy: Any, fox: FakeUpstream, request_bytes: Any, headers: Any, keys: list[str]
) -> None:
    house = await proxy(fox, api_keys=keys)
    for method, route in CLIENT_ROUTES:
        answer = await house.raw(request_bytes(method, route, *headers))
        assert status(answer) == 401, route
        assert b"two different" in answer
    assert fox.requests == []


async def test_05_two_different_management_keys_are_401(proxy: Any) -> None:
    house = await proxy(remote_management=MANAGED)
    headers = {**bearer(MANAGEMENT), "X-Management-Key": WRONG}
    assert (await house.client.get("/v0/management/debug", headers=headers)).status_code == 401


async def test_05_no_key_is_read_from_a_query(proxy: Any, fox: FakeUpstream) -> None:
    house = await proxy(fox, api_keys=[KEY], remote_management=MANAGED)
    for name in ("key", "api_key", "api-key", "access_token", "x-api-key", "authorization", "X-Management-Key"):
        client = await house.client.get("/v1/models", params={name: KEY})
        posted = await house.post(params={name: KEY})
        manager = await house.client.get("/v0/management/debug", params={name: MANAGEMENT})
        assert (client.status_code, posted.status_code, manager.status_code) == (401, 401, 401)
    assert fox.requests == []
