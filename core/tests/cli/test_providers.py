from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from jackfield.testing import CommandEnd

Run = Callable[..., CommandEnd]

PLUGIN = """
    from jackfield.api import Credential, Model, Secret, hookimpl

    @hookimpl
    def register_executors(registrar):
        registrar.add("acme", lambda host: None)
        registrar.add("stand", lambda host: None)

    @hookimpl
    def register_models(registrar):
        registrar.add("acme", [Model("a"), Model("b")])
        registrar.add("stand", [Model("s")])

    @hookimpl
    def synthesize_auth():
        url = "https://user:canary@acme.invalid:8443/v1"
        pair = {"api_key": Secret("canary"), "base_url": url, "source": "config:acme"}
        rests = {"base_url": "http://login.invalid", "toggle_by": "zoo"}
        yield Credential("acme:1", "acme", "one", pair)
        yield Credential("acme:2", "acme", "two", pair, models=frozenset({"a"}))
        yield Credential("acme:3", "acme", "three", {}, {"reason": "it has expired"}, status="disabled")
        yield Credential("acme:4", "acme", "four", {}, rests, "disabled")
        yield Credential("stand:1", "stand", "stand", {}, standby=True)
"""


@pytest.fixture(autouse=True)
def only_acme(add_plugin: Callable[..., None], folder: Path) -> None:
    add_plugin("acme", PLUGIN)
    (folder / "config.yaml").write_text("plugins: {allow: [acme]}\n")


def test_every_credential_is_listed_with_its_state(run: Run) -> None:
    done = run("providers", "--json")

    assert done.returncode == 0, done.stderr
    rows = json.loads(done.stdout)
    assert rows[0] == {
        "id": "acme:1",
        "provider": "acme",
        "label": "one",
        "source": "config:acme",
        "state": "active",
        "reason": "",
        "host": "acme.invalid:8443",
        "models": 2,
    }
    assert [(row["id"], row["state"], row["reason"], row["host"], row["models"]) for row in rows[1:]] == [
        ("acme:2", "active", "", "acme.invalid:8443", 1),
        ("acme:3", "disabled", "it has expired", "", 0),
        ("acme:4", "disabled", "while zoo is enabled", "login.invalid", 0),
        ("stand:1", "standby", "only without a configuration file", "", 0),
    ]
    assert "canary" not in done.stdout + done.stderr


def test_people_get_a_table(run: Run) -> None:
    lines = run("providers").stdout.splitlines()

    assert lines[0].split() == ["ID", "PROVIDER", "LABEL", "SOURCE", "STATE", "HOST", "MODELS"]
    assert lines[1].split() == ["acme:1", "acme", "one", "config:acme", "active", "acme.invalid:8443", "2"]
    assert "disabled (it has expired)" in lines[3]


def test_without_a_provider_that_is_said(run: Run, folder: Path) -> None:
    (folder / "config.yaml").write_text("plugins: {allow: [none]}\n")

    done = run("providers")

    assert (done.returncode, done.stdout) == (0, "")
    assert "no provider is configured" in done.stderr
    assert json.loads(run("providers", "--json").stdout) == []


def test_a_faulty_configuration_is_told(run: Run, folder: Path) -> None:
    (folder / "config.yaml").write_text("port: x\n")

    done = run("providers", alone=True)

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("config.yaml:1: error: port:")
