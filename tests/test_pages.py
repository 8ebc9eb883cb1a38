"""The pages written by hand: what they print works, what they name exists."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml
from jackfield.testing import make_app

ROOT = Path(__file__).resolve().parent.parent
CORE = ROOT / "core/src/jackfield"
PAGES = sorted({path.relative_to(ROOT) for pattern in ("*.md", "docs/**/*.md") for path in ROOT.glob(pattern)})
LINK = re.compile(r"\]\(([^)#:]+)[)#]")
NAMED = re.compile(r"`([\w./-]+(?:\.(?:py|md|yaml|toml|json|txt)|/))`")
FILE = re.compile(r"^`([\w./-]+)`:\n\n```\w+\n(.*?)^```$", re.MULTILINE | re.DOTALL)
GUIDE = (ROOT / "docs/writing-a-plugin.md").read_text("utf-8")


@pytest.fixture(scope="module")
def acme(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the plugin that the guide writes."""
    folder = tmp_path_factory.mktemp("guide") / "jackfield-acme"
    for name, text in FILE.findall(GUIDE):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def installed(folder: Path, target: Path) -> dict[str, str]:
    """Install a folder with pip into `target`; return the environment in which it is found."""
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation"]
    subprocess.run([*pip, "--target", str(target), str(folder)], check=True, capture_output=True)
    return {**os.environ, "PYTHONPATH": str(target)}


def run(folder: Path, environment: dict[str, str], *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_guides_tree_is_what_its_blocks_write(acme: Path) -> None:
    written = {path.relative_to(acme).as_posix() for path in acme.rglob("*") if path.is_file()}

    assert written == {name for name, _ in FILE.findall(GUIDE)}
    for name in written - {"src/jackfield_acme/executor.py"}:
        assert f"\n  {name}\n" in GUIDE


@pytest.mark.timeout(120)
def test_the_guides_plugin_works_and_passes_its_tests(acme: Path, tmp_path: Path) -> None:
    environment = installed(acme, tmp_path / "site")

    [found] = [plugin for plugin in plugins(tmp_path, environment) if plugin["name"] == "acme"]
    assert (found["distribution"], found["version"], found["state"]) == ("jackfield-acme", "1.0.0", "active")
    assert re.search(r"\d+ passed", run(acme, environment, "pytest", "-p", "no:cacheprovider", "tests"))


def plugins(folder: Path, environment: dict[str, str]) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = json.loads(run(folder, environment, "jackfield", "plugins", "--json"))
    return listed


@pytest.mark.timeout(120)
def test_the_guides_own_executor_streams(acme: Path, tmp_path: Path) -> None:
    module = acme / "src/jackfield_acme/__init__.py"
    text = module.read_text()
    changed = text.replace("registrar.add(PROVIDER, CodexExecutor)", "registrar.add(PROVIDER, AcmeExecutor)")
    assert changed != text
    module.write_text(changed.replace('PROVIDER = "acme"', 'from .executor import AcmeExecutor\n\nPROVIDER = "acme"'))
    try:
        environment = installed(acme, tmp_path / "site")
    finally:
        module.write_text(text)

    assert re.search(r"\d+ passed", run(acme, environment, "pytest", "-p", "no:cacheprovider", "tests"))


def test_the_guides_configuration_is_checked_by_its_schema(acme: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    [block] = re.findall(r"^```yaml\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL)
    monkeypatch.setenv("ACME_API_KEY", "sk-acme-0123456789")
    module = ModuleType("jackfield_acme")
    exec((acme / "src/jackfield_acme/__init__.py").read_text(), vars(module))

    app = make_app(yaml.safe_load(block), plugins={"acme": module})

    assert app.extensions["jackfield"].runtime.registry.providers == ["acme"]


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_links_lead_to_files(page: Path) -> None:
    file = ROOT / page

    assert [link for link in LINK.findall(file.read_text("utf-8")) if not (file.parent / link).exists()] == []


@pytest.mark.parametrize("page", ["ARCHITECTURE.md", "CONTRIBUTING.md", "docs/adr/0001-transport.md"])
def test_files_that_are_named_exist(page: str) -> None:
    named = NAMED.findall((ROOT / page).read_text("utf-8"))
    generic = {"stream.py", "answer.py", "config.yaml", ".venv"}

    assert named
    assert [
        name for name in named if name not in generic and not any((at / name).exists() for at in (ROOT, CORE))
    ] == []


def test_contributing_names_every_script() -> None:
    scripts = {path.name for path in (ROOT / "scripts").iterdir() if path.is_file() and os.access(path, os.X_OK)}
    text = (ROOT / "CONTRIBUTING.md").read_text("utf-8")

    assert scripts >= {"run", "test", "check", "docs", "bench"}
    assert [name for name in scripts if f"\nscripts/{name} " not in text] == []


def test_the_changelog_speaks_of_this_version() -> None:
    headings = re.findall(r"^## \[(.+?)\]", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)

    assert headings[0] == "Unreleased"
