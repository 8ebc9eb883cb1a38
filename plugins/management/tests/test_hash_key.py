"""`jackfield hash-key`; at a terminal in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys

import bcrypt
import pytest
from jackfield.testing import CommandEnd, run_command

KEY = "canary-of-a-management-key"


def run(*arguments: str, given: str = "") -> CommandEnd:
    return run_command("hash-key", *arguments, given=given)


@pytest.mark.parametrize("given", [f"{KEY}\n", KEY, f"{KEY}\r\n", f"{KEY}\nsecond line\n"])
def test_the_line_on_standard_input_is_hashed(given: str) -> None:
    done = run(given=given)

    assert (done.returncode, done.stderr) == (0, "")
    assert bcrypt.checkpw(KEY.encode(), done.stdout.strip().encode())
    assert KEY not in done.stdout


@pytest.mark.parametrize("arguments", [[KEY], ["--", KEY], [f"--{KEY}"]])
def test_a_key_on_the_command_line_is_refused_and_not_repeated(arguments: list[str]) -> None:
    done = run(*arguments, given=f"{KEY}\n")

    assert (done.returncode, done.stdout) == (2, "")
    assert "never an argument" in done.stderr
    assert KEY not in done.stderr


@pytest.mark.parametrize(
    ("given", "told"), [("", "no key was given"), ("  \n", "no key was given"), ("x" * 73, "more than 72 bytes")]
)
def test_what_is_no_key_is_told(given: str, told: str) -> None:
    done = run(given=given)

    assert (done.returncode, done.stdout) == (1, "")
    assert told in done.stderr


def test_a_short_key_is_warned_about() -> None:
    done = run(given="short\n")

    assert done.returncode == 0
    assert "can be guessed" in done.stderr


def test_at_a_terminal_it_is_asked_for_twice_and_not_shown() -> None:
    master, slave = os.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "jackfield", "hash-key"],
        stdin=slave,
        stdout=subprocess.PIPE,
        stderr=slave,
        start_new_session=True,
        preexec_fn=_controlling,
    )
    os.close(slave)
    shown = b""
    for prompt in (b"Management key: ", b"Repeat for confirmation: "):
        while not shown.endswith(prompt):
            shown += os.read(master, 1024)
        os.write(master, KEY.encode() + b"\n")
    out, _ = process.communicate(timeout=60)
    os.close(master)

    assert process.returncode == 0
    assert bcrypt.checkpw(KEY.encode(), out.strip())
    assert KEY.encode() not in shown


def _controlling() -> None:
    """Make standard input the terminal of this session, which is where a password is asked for."""
    import fcntl
    import termios

    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
