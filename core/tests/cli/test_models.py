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

    @hookimpl
    def register_models(registrar):
        registrar.add("acme", [Model("zeta"), Model("alpha-high", upstream="alpha", effort="high")])

    @hookimpl
    def synthesize_auth():
        attributes = {"api_key": Secret("k"), "base_url": "http://acme.invalid"}
        return [Credential("acme:1", "acme", "acme", attributes)]
"""


@pytest.fixture(autouse=True)
def only_acme(add_plugin: Callable[..., None], folder: Path) -> None:
    add_plugin("acme", PLUGIN)
    (folder / "config.yaml").write_text("plugins: {allow: [acme]}\n")


def test_models_are_listed_with_providers_and_effort(run: Run) -> None:
    done = run("models", "--json")

    assert done.returncode == 0
    assert json.loads(done.stdout) == [
        {"id": "alpha-high", "providers": ["acme"], "effort": "high"},
        {"id": "zeta", "providers": ["acme"], "effort": None},
    ]


def test_the_table_has_a_line_for_each(run: Run) -> None:
    assert [line.split() for line in run("models").stdout.splitlines()] == [
        ["MODEL", "PROVIDERS", "EFFORT"],
        ["alpha-high", "acme", "high"],
        ["zeta", "acme", "-"],
    ]


def test_no_provider_leaves_stdout_empty(run: Run, folder: Path) -> None:
    (folder / "config.yaml").write_text("plugins: {allow: [nobody]}\n")

    done = run("models")

    assert (done.returncode, done.stdout) == (0, "")
    assert "no provider" in done.stderr
