"""Five wrong keys from one address, and wrong ones have to wait; the right one always passes (K5)."""

from __future__ import annotations

import asyncio
from typing import Any

import bcrypt
import pytest
from jackfield.testing import FakeClock, make_app
from jackfield_management import bans, keys

WRONG = {"Authorization": "Bearer wrong"}
CONFIG = "remote-management:\n  secret-key: env:TEST_KEY\n  allow-remote: true\n"
RIGHT = {"Authorization": "Bearer right"}


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_KEY", "right")


async def status(client: Any, address: str, headers: dict[str, str]) -> int:
    answer = await client.get("/v0/management/debug", headers=headers, scope_base={"client": (address, 1)})
    return int(answer.status_code)


async def test_five_wrong_keys_ban_for_half_an_hour(manage: Any, fake_clock: FakeClock) -> None:
    async with manage(clock=fake_clock) as proxy:
        guesses = [(await proxy.get("/debug", headers=WRONG)).status_code for _ in range(5)]
        banned = await proxy.get("/debug", headers=WRONG)
        right = await proxy.get("/debug")
        fake_clock.advance(29 * 60 + 30.5)
        still = await proxy.get("/debug", headers=WRONG)
        missing = await proxy.get("/debug", headers={"Authorization": ""})
        fake_clock.advance(30)
        free = await proxy.get("/debug", headers=WRONG)

    assert guesses == [401] * 5
    assert (banned.status_code, banned.headers["retry-after"]) == (403, "1800")
    assert banned.json()["error"] == "too many wrong management keys; try again in 30m00s"
    assert (still.status_code, still.headers["retry-after"]) == (403, "30")
    assert still.json()["error"].endswith("0m30s")
    assert missing.status_code == 403
    assert right.status_code == 200
    assert free.status_code == 401


async def test_a_right_key_forgives(manage: Any, fake_clock: FakeClock) -> None:
    async with manage(clock=fake_clock) as proxy:
        for _ in range(3):
            for _ in range(4):
                assert (await proxy.get("/debug", headers=WRONG)).status_code == 401
            assert (await proxy.get("/debug")).status_code == 200


async def test_failures_long_ago_are_forgotten(manage: Any, fake_clock: FakeClock) -> None:
    async with manage(clock=fake_clock) as proxy:
        for _ in range(12):
            assert (await proxy.get("/debug", headers=WRONG)).status_code == 401
            fake_clock.advance(30 * 60)


async def test_a_missing_key_is_no_guess(manage: Any) -> None:
    async with manage(key="") as proxy:
        assert {(await proxy.get("/debug")).status_code for _ in range(8)} == {401}


async def test_guesses_made_at_once_are_counted_one_by_one(manage: Any, fake_clock: FakeClock) -> None:
    async with manage(clock=fake_clock) as proxy:
        answers = await asyncio.gather(*(proxy.get("/debug", headers=WRONG) for _ in range(20)))

    assert sorted(answer.status_code for answer in answers) == [401] * 5 + [403] * 15


async def test_each_address_is_counted_alone(fake_clock: FakeClock) -> None:
    client = make_app(CONFIG, clock=fake_clock).test_client()
    for _ in range(5):
        await status(client, "192.0.2.1", WRONG)
        await status(client, "2001:db8::1", WRONG)

    assert await status(client, "192.0.2.1", WRONG) == 403
    assert await status(client, "192.0.2.2", WRONG) == 401
    assert await status(client, "::ffff:192.0.2.1", WRONG) == 403
    assert await status(client, "2001:db8::ffff", WRONG) == 403, "the same network"
    assert await status(client, "2001:db8:0:1::1", WRONG) == 401
    for address in ("192.0.2.1", "::ffff:192.0.2.1", "2001:db8::1", "2001:db8::ffff"):
        assert await status(client, address, RIGHT) == 200
    assert await status(client, "192.0.2.1", WRONG) == 403, "a right key does not lift it"


HASH = bcrypt.hashpw(b"right", bcrypt.gensalt(4)).decode()
HASHED = CONFIG.replace("env:TEST_KEY", f"'{HASH}'")


@pytest.mark.parametrize("config", [HASHED, CONFIG], ids=["hashed", "by reference"])
async def test_the_right_key_passes_at_a_banned_address(config: str, fake_clock: FakeClock) -> None:
    client = make_app(config, clock=fake_clock).test_client()
    statuses = []
    for number in range(20):
        wrong = {"Authorization": f"Bearer wrong-{number}"}
        statuses.append(await status(client, "192.0.2.1", wrong))
        if number > 5:
            assert await status(client, "192.0.2.1", RIGHT) == 200
    assert statuses == [401] * 5 + [403] * 15


async def test_so_does_the_password_of_the_environment(monkeypatch: pytest.MonkeyPatch, fake_clock: FakeClock) -> None:
    monkeypatch.setenv("MANAGEMENT_PASSWORD", "another-right-one")
    client = make_app(HASHED, clock=fake_clock).test_client()
    for _ in range(6):
        await status(client, "192.0.2.1", WRONG)
    assert await status(client, "192.0.2.1", {"X-Management-Key": "another-right-one"}) == 200


async def test_a_wrong_key_is_tried_once(fake_clock: FakeClock, monkeypatch: pytest.MonkeyPatch) -> None:
    """bcrypt is dear: a program with an old key must not make the server try it with every call."""
    tried: list[str] = []
    check = keys._check
    monkeypatch.setattr(keys, "_check", lambda key, stored: tried.append(key) or check(key, stored))
    client = make_app(HASHED, clock=fake_clock).test_client()
    await asyncio.gather(*(status(client, "192.0.2.1", WRONG) for _ in range(20)))
    assert tried == ["wrong"]


async def test_the_right_key_passes_a_crowd_of_banned_guesses(
    fake_clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They come last: from another address it waits for one of them at most."""
    tried: list[str] = []
    check = keys._check
    monkeypatch.setattr(keys, "_check", lambda key, stored: tried.append(key) or check(key, stored))
    client = make_app(HASHED, clock=fake_clock).test_client()
    for _ in range(5):
        await status(client, "192.0.2.1", WRONG)
    crowd = [
        asyncio.ensure_future(status(client, "192.0.2.1", {"Authorization": f"Bearer wrong-{number}"}))
        for number in range(30)
    ]
    await asyncio.sleep(0)
    assert await status(client, "192.0.2.2", RIGHT) == 200
    place = tried.index("right")
    await asyncio.gather(*crowd)
    assert place < 10


async def test_a_ban_is_logged_once_without_the_key(fake_clock: FakeClock, caplog: pytest.LogCaptureFixture) -> None:
    client = make_app(CONFIG, clock=fake_clock).test_client()
    for _ in range(9):
        await status(client, "192.0.2.1", {"Authorization": "Bearer my-other-password"})

    [told] = [record.getMessage() for record in caplog.records if "banned" in record.getMessage()]
    assert told.startswith("192.0.2.1 ")
    assert "my-other-password" not in caplog.text


def test_the_memory_is_bounded(fake_clock: FakeClock) -> None:
    kept = bans.Bans(fake_clock, capacity=3)
    for _ in range(5):
        kept.fail("192.0.2.9")
    for number in range(2):
        kept.fail(f"198.51.100.{number}")
    assert kept.remaining("192.0.2.9") == bans.BAN
    for number in range(2, 100):
        kept.fail(f"198.51.100.{number}")

    assert len(kept) == 3
