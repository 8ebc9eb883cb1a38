"""What the repository as a whole promises: complete distributions, one version, nothing that belongs elsewhere."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from itertools import chain
from pathlib import Path
from typing import Any

import jackfield
import pytest

ROOT = Path(__file__).resolve().parent.parent
PLUGINS = sorted(path.parent for path in ROOT.glob("plugins/*/pyproject.toml"))
CORE = ROOT / "core"

LEAKS = {
    "a machine's path": r"(?<![\w.~-])/(?:root|work|home/(?!you\b|me\b)\w+|Users/(?!you\b|me\b)\w+)/\w",
    "a package registry's host": r"pypi[.]org|python[h]osted|npmjs[.](org|com)|deb[.]debian|crates[.]io|//mirrors?[.]",
    "a key": r"\bsk-(?:proj-|ant-)?[A-Za-z0-9_]{24,}|\bgh[pousr]_\w{20,}|\bAKIA[A-Z0-9]{16}\b|\bxox[bp]-\w{10,}",
    "a private key": r"-----BEGIN [A-Z ]*PRIVATE KEY",
    "a signed token": r"\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\.(?!c2lnbmF0dXJl\b)[\w-]{10,}",  # that one says "signature"
}


def leaks(text: str) -> list[str]:
    """Return what a text holds that must not be published, each with what it is."""
    return [
        f"{number}: {what}: {found[0]}"
        for number, line in enumerate(text.splitlines(), 1)
        for what, pattern in LEAKS.items()
        if (found := re.search(pattern, line))
    ]


def project(folder: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = tomllib.loads((folder / "pyproject.toml").read_text("utf-8"))
    return loaded


def required(folder: Path) -> set[str]:
    """Return the names of the distributions that a folder's distribution requires, extras included, in lower case."""
    settings = project(folder)["project"]
    lines = [*settings["dependencies"], *chain(*settings.get("optional-dependencies", {}).values())]
    return {re.split(r"[\s\[<>=!~;@]", line, maxsplit=1)[0].lower() for line in lines}


def runtime_imports(text: str) -> Iterator[str]:
    """Yield the top-level names that a source imports from other distributions."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield str(node.module).partition(".")[0]


LATER = ("compression",)
"""Modules of the standard library that came with a Python newer than the oldest supported one."""


def undeclared(folder: Path, texts: list[str]) -> set[str]:
    """Return what the sources of a distribution import and its pyproject does not require."""
    own = {path.name for path in folder.glob("src/*")}
    names = {name for text in texts for name in runtime_imports(text)} - own - {*sys.stdlib_module_names, *LATER}
    known = packages_distributions() | {"jackfield": ["jackfield-core"]}
    declared = required(folder)
    return {name for name in names if not declared.intersection(map(str.lower, known.get(name, [dashed(name)])))}


def dashed(name: str) -> str:
    """Return the distribution of a package that is installed editable, which the metadata does not tell."""
    return name.replace("_", "-")


def tracked() -> list[Path]:
    """Return the files that are, or would be, in the repository."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    try:
        listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True, text=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("not a git checkout")
    paths = [ROOT / name for name in listed.stdout.split("\0") if name]
    return [path for path in paths if path.is_file()]


def test_no_file_holds_what_belongs_to_a_machine_a_registry_or_a_person() -> None:
    found = []
    for path in tracked():
        found += [f"{path.relative_to(ROOT)}:{leak}" for leak in leaks(path.read_text("utf-8", errors="replace"))]

    assert found == []


@pytest.mark.parametrize(
    "text",
    [
        "cd /" + "work/main",
        "see /" + "home/ada/notes",
        "https://py" + "pi.org/simple",
        "registry.npm" + "js.org",
        "key: sk-" + "a" * 30,
        "-----BEGIN RSA " + "PRIVATE KEY-----",
        "eyJ" + "hbGciOiJIUzI1" + ".eyJ" + "zdWIiOiIxMjM0" + ".SflKxwRJSMeKKF",
    ],
)
def test_a_leak_is_seen(text: str) -> None:
    assert len(leaks(text)) == 1


def test_examples_are_no_leaks() -> None:
    assert leaks("api-key: sk-fox-123\nfile:/run/secrets/fox\nhttps://fox.example.com/home/you/v1\n/v1/models") == []


def test_every_distribution_has_the_version_of_the_core() -> None:
    versions = {folder.name: project(folder)["project"]["version"] for folder in (ROOT, CORE, *PLUGINS)}

    assert set(versions.values()) == {jackfield.__version__}, versions


def test_the_product_and_the_developers_install_every_plugin() -> None:
    names = {f"jackfield-{folder.name}" for folder in PLUGINS}
    editable = set(re.findall(r"^-e \./plugins/(\S+)$", (ROOT / "requirements-dev.txt").read_text("utf-8"), re.M))
    mypy_path = set(project(ROOT)["tool"]["mypy"]["mypy_path"].split(":"))

    assert required(ROOT) == names | {"jackfield-core"}
    assert editable == {folder.name for folder in PLUGINS}
    assert mypy_path == {"core/src"} | {f"plugins/{folder.name}/src" for folder in PLUGINS}


@pytest.mark.parametrize("folder", PLUGINS, ids=lambda folder: folder.name)
def test_a_plugin_is_a_complete_distribution(folder: Path) -> None:
    settings = project(folder)["project"]
    package = f"jackfield_{folder.name}"

    assert settings["name"] == f"jackfield-{folder.name}"
    assert settings["entry-points"]["jackfield"] == {folder.name: package}
    assert "jackfield-core" in required(folder)
    assert settings["license"] == "MIT"
    assert settings["description"]
    assert len((folder / "README.md").read_text("utf-8").split()) > 20
    assert (folder / "src" / package / "__init__.py").is_file()
    assert (folder / "src" / package / "py.typed").is_file()
    assert list(folder.glob("tests/**/test_*.py")), "no tests"


@pytest.mark.parametrize("folder", [CORE, *PLUGINS], ids=lambda folder: folder.name)
def test_a_distribution_requires_what_it_imports(folder: Path) -> None:
    texts = [path.read_text("utf-8") for path in folder.glob("src/**/*.py")]

    assert undeclared(folder, texts) == set()
    assert undeclared(folder, ["import numpy"]) == {"numpy"}


def test_tests_of_the_core_lie_where_their_module_does() -> None:
    folders = {test.parent.relative_to(CORE / "tests") for test in (CORE / "tests").rglob("test_*.py")}

    assert [folder for folder in folders if not (CORE / "src" / "jackfield" / folder).is_dir()] == []
    assert [path for path in (CORE / "tests").rglob("*.py") if not re.match(r"test_|conftest", path.name)] == []


def test_no_tests_folder_is_a_package() -> None:
    assert [path for path in tracked() if path.name == "__init__.py" and "tests" in path.parts] == []
