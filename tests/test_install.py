"""What `pip` brings and takes away, in a fresh environment: the product, a plugin from elsewhere, a plugin less.

One environment for all of them, since making it takes the longest; the tests run in the order in which they stand.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jackfield
import pytest

ROOT = Path(__file__).resolve().parent.parent
SHIPPED = {path.parent.name for path in ROOT.glob("plugins/*/pyproject.toml")}

pytestmark = pytest.mark.timeout(300)

FOX = """
tppc:
  providers:
    - name: fox
      enabled: true
      base-url: http://fox.invalid/v1
      api-key: sk-fox-123
"""

PLUGIN = {
    "pyproject.toml": """
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[project]
name = "acme-for-jackfield"
version = "3.2.1"
dependencies = ["jackfield-core"]

[project.entry-points.jackfield]
acme = "acme_for_jackfield"
""",
    "acme_for_jackfield.py": """
from jackfield.api import Model, hookimpl

@hookimpl
def register_models(registrar):
    registrar.add("demo", [Model("acme-large", owned_by="acme")])
""",
}


class Environment:
    """A virtual environment of its own."""

    def __init__(self, folder: Path) -> None:
        self.bin = folder / "venv" / "bin"
        self._folder = folder
        subprocess.run([sys.executable, "-m", "venv", str(folder / "venv")], check=True)

    def run(self, program: str, *arguments: str) -> str:
        """Run one of its programs away from the repository; return what it prints on stdout."""
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_ENV"))}
        done = subprocess.run(
            [str(self.bin / program), *arguments],
            cwd=self._folder,
            env=clean,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{program} {arguments}:\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def install(self, *arguments: str) -> None:
        """Let pip install something, in this environment also what must be built."""
        options = ("--quiet", "--disable-pip-version-check", "--no-build-isolation")
        self.run("pip", "install", *options, *arguments)

    def plugins(self) -> dict[str, dict[str, Any]]:
        """Return what `jackfield plugins` lists, by name."""
        return {plugin["name"]: plugin for plugin in json.loads(self.run("jackfield", "plugins", "--json"))}


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """An environment where `pip install .` was run at the root.

    It has what builds, so that pip does not make an environment of its own for each of our distributions. That pip can
    do so is seen in test_readme.py, where `scripts/run` installs the same ones.
    """
    environment = Environment(tmp_path_factory.mktemp("install"))
    environment.install("hatchling>=1.25")
    environment.install(str(ROOT))
    return environment


def written(folder: Path, files: Mapping[str, str]) -> Path:
    folder.mkdir()
    for name, text in files.items():
        (folder / name).write_text(text)
    return folder


def test_pip_install_brings_the_core_and_every_plugin(fresh: Environment, serving: Any) -> None:
    plugins = fresh.plugins()

    assert set(plugins) == SHIPPED
    for name, plugin in plugins.items():
        assert (plugin["distribution"], plugin["state"]) == (f"jackfield-{name}", "active")
        assert plugin["version"] == jackfield.__version__
    answer = serving(str(fresh.bin / "jackfield"), "serve", "--port", "0").post(
        "/v1/responses", model="demo", input="x"
    )
    assert answer.json()["status"] == "completed"


def test_a_plugin_from_elsewhere_is_there_at_the_next_start(fresh: Environment, serving: Any, tmp_path: Path) -> None:
    package = written(tmp_path / "acme", PLUGIN)

    fresh.install("--no-deps", str(package))

    found = fresh.plugins()["acme"]
    assert found["distribution"] == "acme-for-jackfield"
    assert (found["version"], found["state"], found["hooks"]) == ("3.2.1", "active", ["register_models"])
    server = serving(str(fresh.bin / "jackfield"), "serve", "--port", "0")
    assert {"id": "acme-large", "owned_by": "acme"}.items() <= server.get("/v1/models/acme-large").json().items()
    assert "acme-large" in server.post("/v1/responses", model="acme-large", input="Hi").text
    fresh.run("pip", "uninstall", "--quiet", "--yes", "acme-for-jackfield")
    assert set(fresh.plugins()) == SHIPPED


def test_a_plugin_less_leaves_a_working_proxy_that_says_so(fresh: Environment, serving: Any, tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text(FOX)
    serve = (str(fresh.bin / "jackfield"), "serve", "--port", "0")
    assert serving(*serve).get("/readyz").json()["providers"] == ["fox"]

    fresh.run("pip", "uninstall", "--quiet", "--yes", "jackfield-tppc")

    assert set(fresh.plugins()) == SHIPPED - {"tppc"}
    server = serving(*serve)
    assert server.get("/healthz").status_code == 200
    ready = server.get("/readyz")
    assert ready.status_code == 503
    assert any("tppc" in problem for problem in ready.json()["problems"])
    refused = server.post("/v1/responses", model="gpt-5", input="Hi")
    assert refused.status_code == 503
    assert "tppc" in refused.json()["error"]["message"]
    assert "tppc" in server.log
    assert "pip install jackfield-tppc" in server.log


def test_a_plugin_less_leaves_the_other_providers(fresh: Environment, serving: Any, tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text(f"{FOX}\ndemo:\n  enabled: true\n")
    assert "tppc" not in fresh.plugins()

    server = serving(str(fresh.bin / "jackfield"), "serve", "--port", "0")

    assert server.post("/v1/responses", model="gpt-5", input="Hi").json()["status"] == "completed"


def test_k10_the_wheel_names_versions_and_installs_elsewhere_from_wheels_alone(tmp_path: Path) -> None:
    """K10."""
    wheels = tmp_path / "wheels"
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check"]
    folders = [ROOT, ROOT / "core", *(ROOT / "plugins" / name for name in sorted(SHIPPED))]
    build = ["wheel", "--quiet", "--no-deps", "--no-build-isolation", "-w", str(wheels), *map(str, folders)]
    subprocess.run([*pip, *build], check=True)
    with zipfile.ZipFile(wheels / f"jackfield-{jackfield.__version__}-py3-none-any.whl") as archive:
        [metadata] = [archive.read(name).decode() for name in archive.namelist() if name.endswith("METADATA")]
    required = {line.split(": ")[1] for line in metadata.splitlines() if line.startswith("Requires-Dist")}

    target = ["--no-index", "--find-links", str(wheels), "--target", str(tmp_path / "elsewhere"), "--no-deps"]
    ours = [f"jackfield-{name}" for name in sorted(SHIPPED | {"core"})]
    subprocess.run([*pip, "install", "--quiet", *target, "jackfield", *ours], check=True, cwd=tmp_path)

    assert required == {f"{name}=={jackfield.__version__}" for name in ours}
