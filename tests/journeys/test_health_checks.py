"""Health checks: who is asked when, and what comes of it; a dead provider is left alone before a request meets it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from jackfield.host import health_checks
from jackfield.testing import (
    FakeClock,
    FakeUpstream,
    Pause,
    Script,
    closed_url,
    hang,
    http_error,
    jackfield_server,
    json_reply,
    reset_before_headers,
)

from .conftest import WITHIN, House, Records, Serve, provider

EVERY_30_S = {"health-check": {"interval": 30, "timeout": 5}}
A_ROUND = 40.0
"""Seconds after which every credential was due once more."""


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health_checks, "TICK", 0.005)


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(WITHIN):
        while not holds():  # noqa: ASYNC110 - what a task of the server did is seen by looking
            await asyncio.sleep(0.005)


def checks(upstream: FakeUpstream) -> list[Any]:
    return [request for request in upstream.requests if request.method == "GET"]


def asked(upstream: FakeUpstream) -> int:
    return len(upstream.requests) - len(checks(upstream))


def state(house: House, name: str = "fox") -> Any:
    runtime = house.host.runtime
    return next(each for each in runtime.selector.states(runtime.found) if f":{name}:" in each.credential)


async def rounds(house: House, clock: FakeClock, count: int, name: str = "fox") -> None:
    """Let time pass until a credential was checked so many times more."""
    for _ in range(count):
        before = state(house, name).check
        clock.advance(A_ROUND)
        await until(lambda before=before: state(house, name).check is not before)  # type: ignore[misc]


async def test_it_is_a_get_of_models_with_the_providers_own_key_and_no_request_of_anyone(
    serve: Serve, upstream: FakeUpstream, fake_clock: FakeClock
) -> None:
    keys = {**EVERY_30_S, "headers": {"X-Team": "blue"}}
    house = await serve(upstream, keys=keys, clock=fake_clock)

    await rounds(house, fake_clock, 2)

    for check in checks(upstream):
        assert (check.method, check.path, check.body) == ("GET", "/v1/models", b"")
        assert (check.key, check.headers["x-team"]) == ("sk-fox-0123456789", "blue")
        assert check.headers["user-agent"].startswith("jackfield/")
    assert len({check.connection for check in checks(upstream)}) == 1, "the connection is kept"
    assert asked(upstream) == 0
    assert house.records.all == [], "nothing is counted"
    assert state(house).success_share is None


async def test_without_the_key_nobody_is_checked(serve: Serve, upstream: FakeUpstream, fake_clock: FakeClock) -> None:
    house = await serve(upstream, clock=fake_clock)
    fake_clock.advance(100_000)
    await asyncio.sleep(0.1)
    assert await house.post()
    assert checks(upstream) == []


@pytest.mark.parametrize(
    ("dead", "kind"),
    [(http_error(503), "upstream_error"), (reset_before_headers(), "unreachable"), (hang(), "timeout")],
    ids=["503", "reset", "hang"],
)
async def test_a_dead_provider_is_out_before_a_request_meets_it_and_back_when_it_answers(
    serve: Serve, upstream: FakeUpstream, second: FakeUpstream, fake_clock: FakeClock, dead: Script, kind: str
) -> None:
    keys = {"health-check": {"interval": 30, "timeout": 0.1 if kind == "timeout" else 5}}
    house = await serve(upstream, second, keys=keys, clock=fake_clock)
    upstream.models = dead

    await rounds(house, fake_clock, 3)
    away = [(await house.post()).status_code for _ in range(4)]

    assert (away, asked(upstream), asked(second)) == ([200] * 4, 0, 4)
    assert (state(house).resting, state(house).check.error, state(house).checks_failed) == (True, kind, 3)

    upstream.models = json_reply({"error": "no such path"}, 404)
    await rounds(house, fake_clock, 1)

    assert (await house.post()).status_code == 200
    assert (asked(upstream), state(house).resting, state(house).check.status) == (1, False, 404)


async def test_a_provider_that_failed_requests_is_back_as_soon_as_a_check_sees_it(
    serve: Serve, second: FakeUpstream, fake_clock: FakeClock
) -> None:
    upstream = FakeUpstream()
    await upstream.start()
    house = await serve(upstream, second, keys=EVERY_30_S, clock=fake_clock)
    await upstream.stop()
    for _ in range(6):  # long enough to be left alone for minutes
        fake_clock.advance(100 if state(house).breaker == "open" else 0)
        assert (await house.post()).status_code == 200
    await rounds(house, fake_clock, 3)
    await house.post()
    fake_clock.advance(0)

    await upstream.start()
    await rounds(house, fake_clock, 1)
    served = asked(second)
    assert (await house.post()).status_code == 200

    assert (asked(second), asked(upstream)) == (served, 1)
    await upstream.stop()


async def test_a_refused_key_is_found_by_a_check(
    serve: Serve, upstream: FakeUpstream, second: FakeUpstream, fake_clock: FakeClock
) -> None:
    house = await serve(upstream, second, keys=EVERY_30_S, clock=fake_clock)
    upstream.models = http_error(401)
    await rounds(house, fake_clock, 1)
    await house.post()
    assert (asked(upstream), asked(second)) == (0, 1)


async def test_the_only_provider_is_asked_whatever_its_checks_say(
    serve: Serve, upstream: FakeUpstream, fake_clock: FakeClock
) -> None:
    house = await serve(upstream, keys=EVERY_30_S, clock=fake_clock)
    upstream.models = http_error(500)
    await rounds(house, fake_clock, 3)
    ready = (await house.client.get("/readyz")).status_code
    served = (await house.post()).status_code
    await rounds(house, fake_clock, 1)

    assert (ready, served, state(house).resting) == (503, 200, False)


async def test_a_check_that_takes_long_is_the_only_one(
    serve: Serve, upstream: FakeUpstream, fake_clock: FakeClock
) -> None:
    house = await serve(upstream, keys={"health-check": {"interval": 1, "timeout": 60}}, clock=fake_clock)
    upstream.models = json_reply({}).first(Pause())
    fake_clock.advance(A_ROUND)
    [check] = await upstream.wait_for_requests(1)
    await check.wait_paused()
    for _ in range(5):
        fake_clock.advance(A_ROUND)
        await asyncio.sleep(0.02)

    assert len(upstream.requests) == 1
    check.resume()
    await until(lambda: state(house).check is not None)
    assert state(house).check.seconds == pytest.approx(5 * A_ROUND), "latency as the clock has it"


async def test_a_redirect_is_not_followed_and_the_key_goes_nowhere_else(
    serve: Serve, upstream: FakeUpstream, second: FakeUpstream, fake_clock: FakeClock
) -> None:
    house = await serve(upstream, keys=EVERY_30_S, clock=fake_clock)
    upstream.models = json_reply({}, 307, location=f"{second.base_url}/models")
    await rounds(house, fake_clock, 1)

    assert state(house).check.status == 307
    assert second.requests == []


async def test_the_log_says_once_who_went_and_who_came_back(
    serve: Serve, upstream: FakeUpstream, fake_clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "jackfield.health")
    house = await serve(upstream, keys=EVERY_30_S, clock=fake_clock)
    upstream.models = http_error(500, "sk-fox-0123456789 is not welcome")
    await rounds(house, fake_clock, 5)
    upstream.models = json_reply({})
    await rounds(house, fake_clock, 2)

    name = state(house).credential
    told = [record.getMessage() for record in caplog.records if record.name == "jackfield.health"]
    assert told == [
        f"credential {name} is left alone, its health checks fail: GET /models was answered with 500",
        f"credential {name} serves again: its health check was answered with 200",
    ]


class Edited:
    """A running proxy whose file is edited."""

    def __init__(self, server: Any, file: Path) -> None:
        self.host = server.app.extensions["jackfield"]
        self._file = file

    async def edit(self, *providers: dict[str, Any]) -> None:
        before = self.host.runtime
        self._file.write_text(yaml.safe_dump({"tppc": {"providers": list(providers)}}))
        await until(lambda: self.host.runtime is not before)


async def checked(upstream: FakeUpstream, clock: FakeClock, count: int) -> None:
    """Let time pass until so many requests came; a check that is planned a moment too late comes the next time."""
    async with asyncio.timeout(WITHIN):
        while len(upstream.requests) < count:
            clock.advance(A_ROUND)
            await asyncio.sleep(0.02)


async def test_an_edit_changes_who_is_checked_without_a_restart(
    upstream: FakeUpstream, second: FakeUpstream, fake_clock: FakeClock, tmp_path: Path
) -> None:
    fox = provider("fox", upstream.base_url)
    owl = provider("owl", second.base_url, **EVERY_30_S)
    config = {"tppc": {"providers": [fox, owl]}}
    async with jackfield_server(config, clock=fake_clock, path=tmp_path / "config.yaml") as server:
        edited = Edited(server, tmp_path / "config.yaml")
        await checked(second, fake_clock, 1)
        assert upstream.requests == []

        await edited.edit({**fox, "health-check": {"path": "/status"}}, {**owl, "enabled": False})
        before = len(second.requests)
        await checked(upstream, fake_clock, 4)

        assert {request.path for request in upstream.requests} == {"/v1/status"}
        assert len(second.requests) == before, "one that is off is not checked"


async def test_a_check_under_way_ends_with_the_server_and_with_its_configuration(
    upstream: FakeUpstream, second: FakeUpstream, fake_clock: FakeClock, tmp_path: Path
) -> None:
    upstream.models = second.models = hang()
    slow = {"health-check": {"timeout": 300}}
    providers = [provider("fox", upstream.base_url, **slow), provider("owl", second.base_url, **slow)]
    config = {"tppc": {"providers": providers}}
    async with jackfield_server(config, clock=fake_clock, path=tmp_path / "config.yaml") as server:
        fake_clock.advance(A_ROUND)
        [of_fox], [of_owl] = await upstream.wait_for_requests(1), await second.wait_for_requests(1)
        await Edited(server, tmp_path / "config.yaml").edit(providers[1])
        await of_fox.wait_closed()
        assert not of_owl.closed
    await of_owl.wait_closed()


async def test_an_upstream_that_nobody_answers_for_is_unreachable(serve: Serve, fake_clock: FakeClock) -> None:
    house = await serve(closed_url(), keys=EVERY_30_S, clock=fake_clock)
    await rounds(house, fake_clock, 1)
    check = state(house).check
    assert (check.error, check.status) == ("unreachable", 0)


class Deaf:
    """A provider whose executor knows no checks."""

    async def open(self, call: Any, endpoint: Any) -> Any:
        raise NotImplementedError


async def test_an_executor_without_checks_is_not_checked_and_the_log_says_so(
    serve: Serve, upstream: FakeUpstream, fake_clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    house = await serve(upstream, keys=EVERY_30_S, clock=fake_clock)
    host = house.host
    name = next(each.provider for each in host.runtime.credentials)
    host.install(replace(host.runtime, executors={name: Deaf()}))
    await until(lambda: any("has no health check" in record.getMessage() for record in caplog.records))
    fake_clock.advance(1000)
    await asyncio.sleep(0.05)
    assert state(house).check is None


async def test_who_is_no_longer_checked_serves_again(
    upstream: FakeUpstream, second: FakeUpstream, fake_clock: FakeClock, tmp_path: Path
) -> None:
    fox, owl = provider("fox", upstream.base_url), provider("owl", second.base_url, priority=-1)
    upstream.models = http_error(401)
    config = {"tppc": {"providers": [{**fox, **EVERY_30_S}, owl]}}
    async with (
        jackfield_server(config, clock=fake_clock, path=tmp_path / "config.yaml") as server,
        server.client() as client,
    ):
        edited = Edited(server, tmp_path / "config.yaml")
        house = House(server, client, Records())
        await rounds(house, fake_clock, 1)
        await house.post()
        assert (asked(upstream), asked(second)) == (0, 1)

        await edited.edit(fox, owl)
        await until(lambda: state(house).check is None)
        await house.post()
        assert (asked(upstream), asked(second)) == (1, 1)


@pytest.mark.parametrize(
    "section",
    [
        lambda url: {"codex-api-key": [{"api-key": "sk-own-0123456789", "base-url": url, "health-check": {}}]},
        lambda url: {
            "packycode": {
                "enabled": True,
                "base-url": f"{url}/",
                "credentials": {"openai-api-key": "sk-own-0123456789"},
                "health-check": {"path": "/models"},
            }
        },
    ],
    ids=["codex-api-key", "packycode"],
)
async def test_every_kind_of_key_can_be_checked(upstream: FakeUpstream, fake_clock: FakeClock, section: Any) -> None:
    async with jackfield_server(section(upstream.base_url), clock=fake_clock):
        await checked(upstream, fake_clock, 2)
    assert {(each.method, each.path, each.key) for each in upstream.requests} == {
        ("GET", "/v1/models", "sk-own-0123456789")
    }


async def test_a_credential_that_packycode_lets_rest_is_not_checked(
    upstream: FakeUpstream, second: FakeUpstream, fake_clock: FakeClock
) -> None:
    config = {
        "codex-api-key": [{"api-key": "sk-own-0123456789", "base-url": upstream.base_url, "health-check": {}}],
        "packycode": {
            "enabled": True,
            "base-url": second.base_url,
            "credentials": {"openai-api-key": "sk-packy-0123456789"},
            "health-check": {},
        },
    }
    async with jackfield_server(config, clock=fake_clock):
        await checked(second, fake_clock, 3)
    assert upstream.requests == []
