from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from jackfield.api import config_option, rewrite_config

BEFORE = "debug: false # quiet\napi-keys:\n  - 'canary''s-0123456789abcdef' # bob\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "config.yaml"
    file.write_text(BEFORE)
    return file


def command(change: Callable[[str], str]) -> click.Command:
    @click.command()
    @config_option
    @click.option("--yes", is_flag=True)
    def command(path: Path | None, yes: bool) -> None:
        click.echo(f"changed: {rewrite_config(path, change, yes=yes)}")

    return command


def louder(text: str) -> str:
    return text.replace("debug: false", "debug: true")


def run(file: Path, change: Callable[[str], str], *arguments: str, answer: str = "") -> tuple[int, str]:
    found = CliRunner().invoke(command(change), ["--config", str(file), *arguments], input=answer)
    return found.exit_code, found.output


def test_the_difference_is_shown_and_written_when_agreed(file: Path) -> None:
    status, told = run(file, louder, answer="y\n")

    assert status == 0
    assert "-debug: false # quiet\n+debug: true # quiet\n" in told
    assert told.endswith("changed: True\n")
    assert file.read_text() == louder(BEFORE)


@pytest.mark.parametrize("answer", ["n\n", ""])
def test_without_agreement_nothing_is_written(file: Path, answer: str) -> None:
    status, _ = run(file, louder, answer=answer)

    assert status == 1
    assert file.read_text() == BEFORE


@pytest.mark.parametrize(
    "text",
    [
        BEFORE,
        BEFORE.replace("'canary''s-0123456789abcdef' # bob", '"canary\'s-\\u0030123456789abcdef"'),
        BEFORE.replace("'canary''s-0123456789abcdef' # bob", "|-\n    canary's-0123456789abcdef"),
    ],
    ids=["quoted", "escaped", "block"],
)
def test_no_secret_is_shown_however_it_is_written(file: Path, text: str) -> None:
    file.write_text(text)

    status, told = run(file, louder, "--yes")

    assert status == 0
    assert "+debug: true" in told
    assert "0123456789abcdef" not in told
    assert "canary" not in told


def test_no_difference_is_no_change(file: Path) -> None:
    assert run(file, str) == (0, "changed: False\n")


def test_what_would_not_hold_is_told_and_not_written(file: Path) -> None:
    status, told = run(file, lambda text: text.replace("false", "maybe"), "--yes")

    assert status == 1
    assert f"{file}:1: error: debug: must be true or false" in told
    assert "nothing was written" in told
    assert file.read_text() == BEFORE


def test_a_section_that_nobody_knows_is_not_written(file: Path) -> None:
    status, told = run(file, lambda text: text + "zebra: {}\n", "--yes")

    assert (status, "no installed plugin knows zebra" in told) == (1, True)
    assert file.read_text() == BEFORE


def test_a_file_that_changes_meanwhile_is_left_alone(file: Path) -> None:
    def change(text: str) -> str:
        file.write_text("debug: true\n")
        return louder(text)

    status, told = run(file, change, "--yes")

    assert (status, "has changed since it was read" in told) == (1, True)
    assert file.read_text() == "debug: true\n"
