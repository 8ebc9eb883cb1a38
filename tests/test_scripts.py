"""The scripts on machines that lack something: they say what is missing, and do their work only when it is needed."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).resolve().parent.parent / "scripts"
TOOLS = ("basename", "bash", "cat", "cksum", "dirname", "mkdir", "mktemp", "rm")

PYTHON = """#!/usr/bin/env bash
# Plays a Python of version {version}: tells every call to the log, and makes environments that are copies of itself.
printf '%s\\n' "$*" >>"{log}"
case "$*" in
    *version_info*) exit {old} ;;
    *platform*) echo {version} ;;
    -V) echo "Python {version}" ;;
    *ensurepip*) exit {bare} ;;
    *"-m venv"*) mkdir -p "${{!#}}/bin" && cat "$0" >"${{!#}}/bin/python" && chmod +x "${{!#}}/bin/python" ;;
    *"-m pip"*) echo "pip speaks"; exit {pip} ;;
esac
"""


class Machine:
    """A machine with a few tools, a small repository, and the Pythons that a test puts on it."""

    def __init__(self, folder: Path) -> None:
        self.bin = folder / "bin"
        self.bin.mkdir()
        self.root = folder / "repository"
        self._log = folder / "calls"
        for name in (*TOOLS, "chmod"):
            (self.bin / name).symlink_to(str(shutil.which(name)))
        for name in ("core/pyproject.toml", "plugins/acme/pyproject.toml", "requirements-dev.txt"):
            (self.root / name).parent.mkdir(parents=True, exist_ok=True)
            (self.root / name).write_text(f"# {name}\n")
        shutil.copytree(SCRIPTS, self.root / "scripts", ignore=lambda folder, names: set(names) - {"environment.sh"})

    def python(self, name: str, version: str = "3.12.1", *, bare: bool = False, pip: int = 0) -> None:
        """Put a Python on the machine; a `bare` one has no venv; `pip` is the status that its pip ends with."""
        old = int(tuple(map(int, version.split("."))) < (3, 11))
        text = PYTHON.format(version=version, log=self._log, old=old, bare=int(bare), pip=pip)
        (self.bin / name).write_text(text)
        (self.bin / name).chmod(0o755)

    def prepare(self, kind: str = "run") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(self.bin / "bash"), "-c", f". scripts/environment.sh; prepare {kind}"],
            cwd=self.root,
            env={"PATH": str(self.bin)},
            capture_output=True,
            text=True,
            check=False,
        )

    def pip_calls(self) -> list[str]:
        return [line for line in self._log.read_text().splitlines() if "-m pip" in line]


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_without_a_python_it_says_which_one_is_needed(machine: Machine) -> None:
    done = machine.prepare()

    assert done.returncode == 1
    assert "needs Python 3.11 or newer. Found: none" in done.stderr


def test_an_old_python_is_named_with_its_version(machine: Machine) -> None:
    machine.python("python3", "3.9.2")

    done = machine.prepare()

    assert done.returncode == 1
    assert "Found: python3 (3.9.2)" in done.stderr


def test_an_old_python3_is_passed_over_for_a_new_one(machine: Machine) -> None:
    machine.python("python3", "3.9.2")
    machine.python("python3.11", "3.11.4")

    assert machine.prepare().returncode == 0


def test_a_python_without_venv_is_told_how_to_get_it(machine: Machine) -> None:
    machine.python("python3", bare=True)

    done = machine.prepare()

    assert done.returncode == 1
    assert "missing from: python3" in done.stderr
    assert "python3-venv" in done.stderr


def test_pip_is_quiet_unless_it_fails(machine: Machine) -> None:
    machine.python("python3")
    assert "pip speaks" not in machine.prepare().stderr

    (machine.root / "core/pyproject.toml").write_text("# changed\n")
    machine.python("python3", pip=1)
    shutil.rmtree(machine.root / ".venv")
    done = machine.prepare()

    assert done.returncode == 1
    assert "pip speaks" in done.stderr
    assert "could not install" in done.stderr


def test_it_installs_once_and_again_when_requirements_change(machine: Machine) -> None:
    machine.python("python3")

    assert [machine.prepare().returncode for _ in range(2)] == [0, 0]
    assert len(machine.pip_calls()) == 1
    assert machine.pip_calls()[0].endswith("-e ./core -e ./plugins/acme")

    (machine.root / "plugins/acme/pyproject.toml").write_text("# more\n")
    assert machine.prepare().returncode == 0
    assert len(machine.pip_calls()) == 2


def test_what_was_installed_for_tests_is_enough_to_run(machine: Machine) -> None:
    machine.python("python3")

    assert [machine.prepare(kind).returncode for kind in ("run", "dev", "run", "dev")] == [0, 0, 0, 0]
    assert [call.partition("check ")[2] for call in machine.pip_calls()] == [
        "-e ./core -e ./plugins/acme",
        "-r requirements-dev.txt",
    ]


def test_a_broken_environment_is_made_anew(machine: Machine) -> None:
    machine.python("python3")
    machine.prepare()
    (machine.root / ".venv/bin/python").unlink()

    assert machine.prepare().returncode == 0
    assert (machine.root / ".venv/bin/python").exists()


def test_an_install_that_failed_is_tried_again(machine: Machine) -> None:
    machine.python("python3", pip=1)
    assert machine.prepare().returncode == 1
    python = machine.root / ".venv/bin/python"
    python.write_text(python.read_text().replace("exit 1 ;;\nesac", "exit 0 ;;\nesac"))

    assert machine.prepare().returncode == 0
    assert len(machine.pip_calls()) == 2
