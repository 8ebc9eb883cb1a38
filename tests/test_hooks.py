"""Every hook, seen from outside: what a plugin that implements it changes, and what becomes of one that fails."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner
from jackfield.api import ConfigError, Credential, Endpoint, Model, Problem, Secret, hookimpl
from jackfield.cli import cli
from jackfield.plugins.manager import Plugins
from jackfield.testing import FakeUpstream, jackfield_server, make_app, text_answer
from quart import Blueprint

ACME = {"api_key": "sk-acme", "base_url": "http://acme.invalid", "source": "test"}


class Plugin:
    """A plugin of the hooks that a test gives it; their first argument is left out."""

    def __init__(self, **hooks: Any) -> None:
        for name, function in hooks.items():
            setattr(self, name, hookimpl(function))


def credential(name: str, **fields: Any) -> Credential:
    return Credential(f"acme:{name}", "acme", name, ACME, **fields)


def acme(upstream: FakeUpstream | None = None, *names: str) -> dict[str, Any]:
    """Return the hooks of a provider that runs on the codex executor."""
    from jackfield_codex import CodexExecutor

    url = upstream.base_url if upstream else ACME["base_url"]
    made = [
        Credential(f"acme:{name}", "acme", name, {"api_key": f"sk-{name}", "base_url": url, "source": "test"})
        for name in names or ("one",)
    ]
    return {
        "register_executors": lambda registrar, config: registrar.add("acme", CodexExecutor),
        "register_models": lambda registrar, config: registrar.add("acme", [Model("acme-1")]),
        "synthesize_auth": lambda config: made,
    }


async def test_watched_files_bring_new_credentials(upstream: FakeUpstream, tmp_path: Path) -> None:
    login, again = tmp_path / "login", asyncio.Event()
    login.write_text("first")

    def read(config: Any) -> list[Credential]:
        key = login.read_text()
        if key == "second":
            again.set()
        return [Credential("acme:login", "acme", "one", {"api_key": key, "base_url": upstream.base_url})]

    hooks = acme() | {"synthesize_auth": read, "watched_files": lambda config: [login]}
    async with served({"debug": False}, acme=Plugin(**hooks)) as client:
        await client.post("/v1/responses", json={"model": "acme-1", "input": "Hi"})
        login.write_text("second")
        async with asyncio.timeout(30):
            await again.wait()
        await client.post("/v1/responses", json={"model": "acme-1", "input": "Hi"})

    assert [request.key for request in upstream.requests] == ["first", "second"]


@asynccontextmanager
async def served(config: Any = None, **plugins: Plugin) -> AsyncIterator[Any]:
    """Give a client of the proxy with these plugins."""
    async with jackfield_server(config, plugins=plugins) as server, server.client() as client:
        yield client


async def ask(hooks: dict[str, Any], config: Any = None) -> Any:
    """Return the answer of `acme-1`, served with these hooks; the server has ended by then."""
    async with served(config, acme=Plugin(**hooks)) as client:
        return await client.post("/v1/responses", json={"model": "acme-1", "input": "Hi"})


@pytest.fixture
async def upstream() -> AsyncIterator[FakeUpstream]:
    async with FakeUpstream() as upstream:
        upstream.default = text_answer("from acme")
        yield upstream


SCHEMA = {
    "type": "object",
    "properties": {"acme": {"type": "object", "properties": {"key": {"type": "string", "x-secret": True}}}},
}


def test_config_schema_makes_a_section_known_and_its_secrets_blind() -> None:
    app = make_app({"acme": {"key": "sk-acme-1"}}, plugins={"acme": Plugin(config_schema=lambda: SCHEMA)})

    key = app.extensions["jackfield"].settings.section("acme")["key"]
    assert (key.reveal(), "sk-acme-1" in repr(key)) == ("sk-acme-1", False)


def test_check_config_refuses_what_a_schema_cannot_see() -> None:
    def check(config: Any) -> list[Problem]:
        return [Problem("acme.key", "acme.key is stale", "ask for another")]

    plugin = Plugin(config_schema=lambda: SCHEMA, check_config=check)
    with pytest.raises(ConfigError, match=r"acme\.key is stale") as refused:
        make_app({"port": 0, "acme": {"key": "x"}}, plugins={"acme": plugin})
    assert refused.value.problems[0].line == 3


async def test_register_executors_register_models_and_synthesize_auth_make_a_provider(upstream: FakeUpstream) -> None:
    answer = await ask(acme(upstream))

    assert "from acme" in answer.text
    assert upstream.last.key == "sk-one"


async def test_review_credentials_takes_credentials_out_of_rotation(upstream: FakeUpstream) -> None:
    def review(credentials: Any, config: Any) -> list[Credential]:
        return [each for each in credentials if each.label != "one"]

    await ask(acme(upstream, "one", "two") | {"review_credentials": review})

    assert [request.key for request in upstream.requests] == ["sk-two"]


async def test_watched_files_bring_new_credentials_when_they_change(upstream: FakeUpstream, tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text("sk-first")

    def made(config: Any) -> list[Credential]:
        attributes = {"api_key": Secret(file.read_text()), "base_url": upstream.base_url, "source": "file"}
        return [Credential("acme:one", "acme", "one", attributes)]

    hooks = acme(upstream) | {"synthesize_auth": made, "watched_files": lambda config: [file]}
    async with served({"debug": False}, acme=Plugin(**hooks)) as client:
        file.write_text("sk-second")
        async with asyncio.timeout(30):
            while not upstream.requests or upstream.last.key != "sk-second":
                await client.post("/v1/responses", json={"model": "acme-1", "input": "Hi"})


@pytest.mark.parametrize("later", [False, True], ids=["plain", "async"])
async def test_resolve_creds_gives_key_and_url(upstream: FakeUpstream, later: bool) -> None:
    def resolve(credential: Credential, request: Any) -> Any:
        async def answer() -> Endpoint:
            await asyncio.sleep(0)
            return found

        found = Endpoint(upstream.base_url, Secret(f"fresh-{credential.label}-{request.model}"))
        return answer() if later else found

    await ask(acme() | {"resolve_creds": resolve})

    assert upstream.last.key == "fresh-one-acme-1"


async def test_choose_credential_has_the_first_say(upstream: FakeUpstream) -> None:
    hooks = acme(upstream, "one", "two", "three")

    for wanted in ("three", "one", "two", "two"):
        await ask(hooks | {"choose_credential": chooser(wanted)})

    assert [request.key for request in upstream.requests] == ["sk-three", "sk-one", "sk-two", "sk-two"]


def chooser(label: str) -> Any:
    return lambda candidates, request: next(each for each in candidates if each.label == label)


async def test_choose_credential_cannot_invent_one(upstream: FakeUpstream, caplog: pytest.LogCaptureFixture) -> None:
    await ask(acme(upstream) | {"choose_credential": lambda candidates, request: credential("invented")})

    assert upstream.last.key == "sk-one"
    assert "acme:invented, which is not a candidate" in caplog.text


async def test_on_request_complete_sees_attempt_and_request(upstream: FakeUpstream) -> None:
    seen: list[Any] = []

    await ask(acme(upstream) | {"on_request_complete": lambda record: seen.append(record)})

    assert [record.scope for record in seen] == ["attempt", "request"]
    assert {(record.provider, record.model, record.status) for record in seen} == {("acme", "acme-1", 200)}


async def test_on_request_complete_knows_the_host_and_sees_the_last_request_before_shutdown(
    upstream: FakeUpstream,
) -> None:
    told: list[Any] = []
    plugin = Plugin(
        on_request_complete=lambda record, host: told.append((record.scope, host)),
        shutdown=lambda host: told.append(("shutdown", host)),
    )
    app = make_app(plugins={"acme": Plugin(**acme(upstream)), "watcher": plugin})

    async with app.test_app():
        await app.test_client().post("/v1/responses", json={"model": "acme-1", "input": "Hi"})

    assert [what for what, _ in told] == ["attempt", "request", "shutdown"]
    assert {id(host) for _, host in told} == {id(app.extensions["jackfield"])}


async def test_register_routes_adds_blueprints_but_overrides_no_route_of_the_core() -> None:
    routes = Blueprint("acme", __name__)
    routes.get("/acme", endpoint="hello")(lambda: "hello from acme")
    routes.get("/healthz", endpoint="health")(lambda: "mine")
    app = make_app(plugins={"acme": Plugin(register_routes=lambda registrar: registrar.add(routes))})
    client = app.test_client()

    assert await (await client.get("/acme")).get_data() == b"hello from acme"
    assert await (await client.get("/healthz")).get_json() == {"status": "ok"}


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A function that makes the command line find a plugin as if it were installed."""

    def install(plugin: Plugin) -> None:
        discover = Plugins.discover.__func__  # type: ignore[attr-defined]  # a classmethod's function
        monkeypatch.setattr(
            Plugins, "discover", classmethod(lambda cls, **given: discover(cls, **{**given, "extra": {"acme": plugin}}))
        )

    return install


def test_register_commands_adds_to_the_command_line(installed: Any) -> None:
    command = click.Command("greet", callback=lambda: click.echo("hello from acme"))
    installed(Plugin(register_commands=lambda group: group.add_command(command)))

    assert CliRunner().invoke(cli, ["greet"]).output == "hello from acme\n"


def test_serve_flags_are_taken_by_serve(installed: Any) -> None:
    installed(Plugin(serve_flags=lambda config: {"acme": "acme is configured"}))

    with socket.create_server(("127.0.0.1", 0)) as taken:  # so that it ends there
        port = str(taken.getsockname()[1])
        known = CliRunner().invoke(cli, ["serve", "--acme", "--port", port])
        unknown = CliRunner().invoke(cli, ["serve", "--acne", "--port", port])

    assert known.stderr.startswith("acme is configured\n")
    assert (known.exit_code, unknown.exit_code) == (1, 2)


async def test_on_config_change_sees_old_and_new(tmp_path: Path) -> None:
    changed = asyncio.Event()
    seen: list[tuple[bool, bool]] = []

    def on_change(old: Any, new: Any) -> None:
        seen.append((old.debug, new.debug))
        changed.set()

    file = tmp_path / "config.yaml"
    async with jackfield_server("debug: false\n", plugins={"acme": Plugin(on_config_change=on_change)}, path=file):
        file.write_text("debug: true\n")
        async with asyncio.timeout(30):
            await changed.wait()
    assert seen == [(False, True)]


async def test_startup_and_shutdown_frame_the_server_and_go_in_opposite_orders() -> None:
    steps: list[str] = []

    def plugin(name: str) -> Plugin:
        async def startup(host: Any) -> None:
            await asyncio.sleep(0)
            steps.append(f"{name} up, port {host.settings.port}")

        def shutdown(host: Any) -> None:
            steps.append(f"{name} down")

        return Plugin(startup=startup, shutdown=shutdown)

    async with served(first=plugin("first"), second=plugin("second")):
        assert steps == ["first up, port 8317", "second up, port 8317"]
    assert steps[2:] == ["second down", "first down"]


@pytest.mark.parametrize(
    "hook", ["register_executors", "register_models", "synthesize_auth", "register_routes", "startup"]
)
async def test_a_hook_that_fails_marks_its_plugin_and_spares_the_others(hook: str) -> None:
    def fail() -> None:
        raise ValueError("it rains")

    spared: list[str] = []
    after = Plugin(startup=lambda host: spared.append("up"))
    async with served(acme=Plugin(**{hook: fail}), later=after) as client:
        ready = await client.get("/readyz")
        listed = await client.get("/v1/models")

    assert ready.status_code == 503
    assert f"plugin acme is broken: {hook}: ValueError: it rains" in ready.json()["problems"]
    assert listed.status_code == 200
    assert spared == ["up"]


async def test_a_failing_observer_or_chooser_costs_no_request(upstream: FakeUpstream) -> None:
    def fail() -> None:
        raise ValueError("it rains")

    answer = await ask(acme(upstream) | {"choose_credential": fail, "on_request_complete": fail})

    assert (answer.status_code, "from acme" in answer.text) == (200, True)
