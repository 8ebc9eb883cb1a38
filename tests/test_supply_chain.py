"""What comes with jackfield: dependencies above their known vulnerabilities, an audit to be trusted, a release."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import jackfield
import pytest
from packaging.requirements import Requirement
from packaging.version import Version

ROOT = Path(__file__).resolve().parent.parent
PROJECTS = [ROOT / "core" / "pyproject.toml", *sorted(ROOT.glob("plugins/*/pyproject.toml"))]
OURS = {tomllib.loads(path.read_text("utf-8"))["project"]["name"] for path in PROJECTS}

FIXED = {
    "anyio": ("4.14.2", "CVE-2026-63374, CVE-2026-64847"),
    "brotli": ("1.2.0", "CVE-2025-6176"),
    "certifi": ("2024.7.4", "CVE-2023-37920, CVE-2024-39689"),
    "click": ("8.3.3", "CVE-2026-7246"),
    "filelock": ("3.20.3", "CVE-2025-68146, CVE-2026-22701"),
    "flask": ("3.1.3", "CVE-2025-47278, CVE-2026-27205"),
    "h11": ("0.16.0", "CVE-2025-43859"),
    "h2": ("4.4.1", "CVE-2025-57804, CVE-2026-71554"),
    "hpack": ("4.2.0", "GHSA-8v8h-hg4w-mvq2"),
    "httptools": ("0.6.3", "CVE-2024-27982, in the parser that it bundles"),
    "httpx": ("0.23.0", "CVE-2021-41945"),
    "hypercorn": ("0.16.0", "CVE-2023-44487, its mitigation"),
    "idna": ("3.15", "CVE-2024-3651, CVE-2026-45409"),
    "jinja2": ("3.1.6", "CVE-2024-56201, CVE-2024-56326, CVE-2025-27516"),
    "orjson": ("3.11.6", "CVE-2024-27454, CVE-2025-67221"),
    "python-dotenv": ("1.2.2", "CVE-2026-28684"),
    "pyyaml": ("5.4", "CVE-2020-14343"),
    "quart": ("0.21.0", "GHSA-4grg-w6v8-c28g, as in Flask"),
    "werkzeug": ("3.1.6", "CVE-2024-49767, CVE-2025-66221, CVE-2026-21860, CVE-2026-27199"),
}
"""The first version without any vulnerability that was known on 2026-11-21, of what jackfield runs on."""


def requirements(path: Path) -> list[Requirement]:
    """Return what a distribution needs to run."""
    return [Requirement(line) for line in tomllib.loads(path.read_text("utf-8"))["project"]["dependencies"]]


def floor(requirement: Requirement) -> str:
    """Return the lowest version that a requirement admits; fail where it sets none, or sets more than that."""
    [bound] = requirement.specifier
    assert bound.operator == ">=", f"{requirement}: a floor, and no ceiling that keeps later fixes away"
    return bound.version


def every() -> Iterator[tuple[str, Requirement]]:
    for path in PROJECTS:
        for requirement in requirements(path):
            yield path.parent.name, requirement


def test_every_dependency_has_a_floor_and_the_same_everywhere() -> None:
    floors: dict[str, set[str]] = {}
    for _, requirement in every():
        floors.setdefault(requirement.name.lower(), set()).add(floor(requirement))

    assert {name: found for name, found in floors.items() if len(found) > 1} == {}


def test_27_every_floor_is_above_the_known_vulnerabilities() -> None:
    low = [
        f"{where}: {requirement} admits {FIXED[name][1]}; they are fixed in {FIXED[name][0]}"
        for where, requirement in every()
        if (name := requirement.name.lower()) in FIXED and Version(floor(requirement)) < Version(FIXED[name][0])
    ]

    assert low == []
    assert {requirement.name.lower() for _, requirement in every()} >= set(FIXED), "also what others bring has a floor"


def release(folder: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "JACKFIELD_VENV": sys.prefix, **settings}
    command = [str(ROOT / "scripts" / "release"), str(folder)]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A release."""
    folder = tmp_path_factory.mktemp("release") / "dist"
    done = release(folder)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.mark.timeout(300)
def test_a_release_has_a_wheel_and_an_sdist_of_every_distribution(dist: Path) -> None:
    names = {name.replace("-", "_") for name in OURS}
    number = jackfield.__version__

    assert {path.name for path in dist.iterdir()} == {
        *(f"{name}-{number}-py3-none-any.whl" for name in names),
        *(f"{name}-{number}.tar.gz" for name in names),
        f"jackfield-{number}.cdx.json",
        "SHA256SUMS",
    }
    assert len((dist / "SHA256SUMS").read_text().splitlines()) == 2 * len(names) + 1


@pytest.mark.timeout(300)
def test_27_no_wheel_runs_code_at_every_start_of_python(dist: Path) -> None:
    for wheel in dist.glob("*.whl"):
        with zipfile.ZipFile(wheel) as archive:
            assert [name for name in archive.namelist() if name.endswith(".pth")] == [], wheel.name


@pytest.mark.timeout(300)
def test_every_archive_has_the_licence(dist: Path) -> None:
    for path in (*dist.glob("*.whl"), *dist.glob("*.tar.gz")):
        texts = [content for name, content in contents(path) if name.endswith("/LICENSE")]
        assert texts == [(ROOT / "LICENSE").read_bytes()], path.name


@pytest.mark.timeout(300)
def test_nothing_in_a_release_tells_of_the_machine_that_made_it(dist: Path) -> None:
    marks = (str(ROOT).encode(), str(Path.home()).encode() + b"/", b"file://", b"direct_url")
    for path in dist.iterdir():
        for name, content in contents(path):
            if not name.endswith((".py", ".md")):
                assert not any(mark in content for mark in marks), f"{path.name}: {name}"


def contents(path: Path) -> Iterator[tuple[str, bytes]]:
    """Yield the files in an archive, or the file itself."""
    if path.suffix == ".whl":
        with zipfile.ZipFile(path) as wheel:
            yield from ((name, wheel.read(name)) for name in wheel.namelist())
    elif path.suffix == ".gz":
        with tarfile.open(path) as archive:
            members = [(member.name, archive.extractfile(member)) for member in archive.getmembers()]
            yield from ((name, file.read()) for name, file in members if file)
    else:
        yield path.name, path.read_bytes()


@pytest.mark.timeout(300)
def test_the_bill_of_materials_lists_what_runs_with_its_version(dist: Path) -> None:
    bill = json.loads((dist / f"jackfield-{jackfield.__version__}.cdx.json").read_text("utf-8"))
    listed = {each["name"]: each["version"] for each in bill["components"]}

    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.6")
    needed = OURS | {re.sub(r"[-_.]+", "-", each.name).lower() for _, each in every() if not each.marker}
    assert needed <= set(listed)
    assert {"rpds-py", "wsproto", "markupsafe"} <= set(listed), "also what others bring"
    assert {"pytest", "mypy", "openai", "pip"} & set(listed) == set(), "no tools"
    assert listed == {name: version(name) for name in listed}
    assert all(each["purl"] == f"pkg:pypi/{each['name']}@{each['version']}" for each in bill["components"])
    graph = {each["ref"]: each["dependsOn"] for each in bill["dependencies"]}
    refs = {each["bom-ref"] for each in bill["components"]}
    assert set(graph) == refs | {"jackfield"}
    assert {ref for needs in graph.values() for ref in needs} <= refs
    assert len(graph["jackfield"]) == len(OURS)


@pytest.mark.timeout(300)
def test_the_bill_of_materials_of_a_commit_is_always_the_same(dist: Path) -> None:
    [first] = dist.glob("*.cdx.json")
    epoch = json.loads(first.read_text())["metadata"].get("timestamp")

    assert epoch is None or re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", epoch)
    bills = {printed(SOURCE_DATE_EPOCH="1700000000") for _ in range(2)}
    assert len(bills) == 1
    assert '"timestamp": "2023-11-14T22:13:20Z"' in bills.pop()


def printed(**settings: str) -> str:
    """Return the bill of materials as it is printed."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "scripts"), **settings}
    command = [sys.executable, "-m", "releasing", "sbom"]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout


def test_a_release_does_not_mix_with_what_is_there(tmp_path: Path) -> None:
    (tmp_path / "old.whl").write_text("")
    refused = release(tmp_path)
    assert refused.returncode == 1
    assert "is not empty" in refused.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["old.whl"]


PIP_AUDIT = """#!PYTHON
# Plays pip-audit: answers what the test wrote down for the service that it is asked to use.
import json, pathlib, sys
options = dict(zip(sys.argv, sys.argv[1:]))
lines = pathlib.Path(options["--requirement"]).read_text().split()
with open("LOG", "a") as log:
    print(options["--vulnerability-service"], len(lines), file=log)
says = SAYS.get(options["--vulnerability-service"])
if says is None:
    sys.exit("no connection")
names = [dict(zip(("name", "version"), line.split("=="))) for line in lines]
pathlib.Path(options["--output"]).write_text(json.dumps({"dependencies": [each | says(each) for each in names]}))
"""


class Audit:
    """An audit with a pip-audit that says what a test wants. `says`: by service, what follows for each dependency."""

    def __init__(self, folder: Path, says: dict[str, str]) -> None:
        self.log = folder / "log"
        self.log.write_text("")
        program = folder / "pip-audit"
        said = "{" + ", ".join(f"{name!r}: {code}" for name, code in says.items()) + "}"
        text = PIP_AUDIT.replace("PYTHON", sys.executable).replace("LOG", str(self.log)).replace("SAYS", said)
        program.write_text(text)
        program.chmod(0o755)
        self._settings = {**os.environ, "JACKFIELD_VENV": sys.prefix, "JACKFIELD_PIP_AUDIT": str(program)}

    def run(self, *options: str) -> tuple[int, str]:
        command = [str(ROOT / "scripts" / "audit"), *options]
        done = subprocess.run(command, env=self._settings, capture_output=True, text=True, check=False)
        return done.returncode, done.stderr


WELL = 'lambda each: {"vulns": []}'
UNKNOWN = 'lambda each: {"skip_reason": "Dependency not found"}'
H11 = 'lambda each: {"vulns": [{"id": "CVE-1", "fix_versions": ["9.9"]}] if each["name"] == "h11" else []}'
MIXED = 'lambda each: {"skip_reason": "?"} if each["name"] == "idna" else {"vulns": []}'


def test_an_audit_without_findings_says_how_much_was_looked_at(tmp_path: Path) -> None:
    audit = Audit(tmp_path, {"pypi": WELL})
    status, told = audit.run("--strict")
    assert status == 0
    assert re.search(r"no known vulnerability in the \d\d distributions", told)
    first, second = audit.log.read_text().splitlines()
    assert (first, int(second.split()[1]) > len(FIXED)) == ("pypi 1", True)


def test_a_vulnerability_fails_and_names_the_version_that_mends_it(tmp_path: Path) -> None:
    status, told = Audit(tmp_path, {"pypi": H11}).run()
    assert status == 1
    assert f"h11 {version('h11')}: CVE-1, fixed in 9.9" in told


def test_the_second_service_is_asked_where_the_first_is_silent(tmp_path: Path) -> None:
    status, told = Audit(tmp_path, {"osv": H11}).run()
    assert (status, "CVE-1" in told) == (1, True)


@pytest.mark.parametrize("says", [{}, {"pypi": UNKNOWN, "osv": UNKNOWN}, {"pypi": MIXED}], ids=["no", "none", "some"])
def test_an_audit_that_could_not_look_says_so_and_fails_only_when_told_to(tmp_path: Path, says: Any) -> None:
    audit = Audit(tmp_path, says)
    assert audit.run()[0] == 0
    status, told = audit.run("--strict")
    assert status == 1
    assert "NOT AUDITED" in told
    assert "no known vulnerability" not in told
