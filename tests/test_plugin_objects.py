"""Each app has plugin objects of its own, and plugins live on what `Host` promises."""

from __future__ import annotations

import re
import warnings
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from jackfield.api import hookimpl
from jackfield.testing import make_app

ROOT = Path(__file__).resolve().parent.parent
INSTALLED = ("codex", "management", "tppc", "tps")


class Plugin:
    """Remembers the hosts that it was started with."""

    def __init__(self) -> None:
        self.started: list[Any] = []

    @hookimpl
    def startup(self, host: Any) -> None:
        self.started.append(host)


def host_of(app: Any) -> Any:
    return app.extensions["jackfield"]


@pytest.mark.parametrize("announced", [Plugin, "module"])
async def test_two_apps_of_a_process_have_two_objects_of_a_plugin(announced: Any) -> None:
    if announced == "module":
        announced = ModuleType("jackfield_acme")
        announced.Plugin = Plugin
    one, other = (make_app(plugins={"acme": announced}) for _ in range(2))

    async with one.test_app(), other.test_app():
        assert host_of(one).plugin("acme").started == [host_of(one)]
        assert host_of(other).plugin("acme").started == [host_of(other)]


@pytest.mark.parametrize("name", INSTALLED)
def test_our_own_plugins_are_another_object_in_another_app(name: str) -> None:
    one, other = host_of(make_app()).plugin(name), host_of(make_app()).plugin(name)

    assert one is not None
    assert type(one) is type(other)
    assert one is not other


def test_a_plugin_that_is_not_there_is_none() -> None:
    assert host_of(make_app()).plugin("nobody") is None
    assert host_of(make_app({"plugins": {"disabled": ["tps"]}})).plugin("tps") is None


async def test_wrong_management_keys_of_one_app_ban_nobody_from_another() -> None:
    config = {"remote-management": {"secret-key": "a-management-key-of-a-test", "allow-remote": True}}
    one, other = make_app(config), make_app(config)

    async def ask(app: Any, key: str) -> int:
        answer = await app.test_client().get("/v0/management/plugins", headers={"X-Management-Key": key})
        return int(answer.status_code)

    assert [await ask(one, f"wrong-{number}") for number in range(6)] == [401] * 5 + [403]
    assert await ask(other, "wrong") == 401


def test_no_plugin_walks_the_runtime_of_its_host() -> None:
    sources = [*ROOT.glob("plugins/*/src/**/*.py")]
    found = [f"{path.name}: {text}" for path in sources for text in re.findall(r".*\.runtime\b.*", path.read_text())]

    assert sources
    assert found == []


def test_no_plugin_keeps_state_of_hosts_beside_its_object() -> None:
    for path in ROOT.glob("plugins/*/src/**/*.py"):
        assert "WeakKeyDictionary" not in path.read_text(), path


def test_the_runtime_of_a_host_still_works_and_warns_once() -> None:
    host = host_of(make_app())

    with pytest.warns(DeprecationWarning, match=r"host\.runtime is deprecated: use host\.catalog"):
        runtime = host.runtime
    assert runtime is host.in_force
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert host.runtime is runtime


def test_a_host_shows_models_credentials_and_figures() -> None:
    host = host_of(make_app())

    assert host.catalog.providers == ["demo"]
    assert ("demo", ["demo"]) in [(model.id, providers) for model, providers in host.catalog.models("demo")]
    assert host.catalog.models("nobody") == []
    assert (
        [each.id for each in host.credentials.found]
        == ["demo:builtin"]
        == [each.id for each in host.credentials.in_use]
    )
    assert len(host.credentials.states()) == 1
    assert host.credentials.reset() == []
    assert host.credentials.reset("demo:builtin") == []
    with pytest.raises(KeyError):
        host.credentials.reset("nobody")
    assert (host.counters.open_requests, host.counters.records_dropped) == (0, 0)
