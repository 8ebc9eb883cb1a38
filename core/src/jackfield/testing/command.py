"""The command line, run to its end inside the test's own process, which saves a new interpreter's second of imports."""

from __future__ import annotations

import importlib
import io
import logging
import os
import sys
import traceback
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, chdir, contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from unittest import mock


@dataclass(frozen=True, slots=True)
class CommandEnd:
    """What a command left: the status that its process would end with, and what it wrote."""

    returncode: int
    stdout: str
    stderr: str


def run_command(
    *arguments: object,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    given: str = "",
    path: Path | None = None,
) -> CommandEnd:
    """Run `jackfield ARGUMENTS` to its end and return what it left.

    `cwd` is its working folder, `env` its whole environment, `given` its standard input, `path` a folder whose modules
    and distributions it finds before others. The process is afterwards as it was. Not for `serve`, which needs the main
    thread's signals.
    """
    from ..cli import main  # here: a test of one part need not import the command line

    with ExitStack() as stack, _streams(given) as (stdout, stderr):
        if cwd is not None:
            stack.enter_context(chdir(cwd))
        if env is not None:
            stack.enter_context(mock.patch.dict(os.environ, env, clear=True))
        if path is not None:
            stack.enter_context(_found_first(path))
        stack.enter_context(mock.patch.object(sys, "argv", ["jackfield", *map(str, arguments)]))
        stack.enter_context(mock.patch.object(logging.root, "handlers", [logging.lastResort]))
        stack.enter_context(warnings.catch_warnings(action="default"))
        status = _status(main)
    return CommandEnd(status, *(str(stream.buffer.getvalue(), "utf-8") for stream in (stdout, stderr)))


class _Stream(io.TextIOWrapper):
    """Text that is kept; its end is not the end of what was written."""

    buffer: io.BytesIO

    def close(self) -> None:
        """Stay readable: whoever wraps it may close it."""
        self.flush()


@contextmanager
def _streams(given: str) -> Iterator[tuple[_Stream, _Stream]]:
    """Take the place of the standard streams."""
    stdout, stderr = (_Stream(io.BytesIO(), "utf-8", newline="", write_through=True) for _ in range(2))
    stdin = io.TextIOWrapper(io.BytesIO(given.encode("utf-8", "surrogateescape")), "utf-8", newline="")
    with mock.patch.object(sys, "stdin", stdin), redirect_stdout(stdout), redirect_stderr(stderr):
        yield stdout, stderr


@contextmanager
def _found_first(folder: Path) -> Iterator[None]:
    """Let a folder's modules be found; afterwards they are forgotten."""
    before = set(sys.modules)
    importlib.invalidate_caches()
    with mock.patch.object(sys, "path", [str(folder), *sys.path]):
        yield
    for name in set(sys.modules) - before:
        if str(getattr(sys.modules[name], "__file__", "")).startswith(str(folder)):
            del sys.modules[name]


def _status(main: Callable[[], None]) -> int:
    """Run the command line and return the status that its process would end with."""
    try:
        main()
    except SystemExit as end:
        if isinstance(end.code, str):
            print(end.code, file=sys.stderr)
        return end.code if isinstance(end.code, int) else int(bool(end.code))
    except Exception:  # what would end a process with a traceback does so here
        traceback.print_exc()
        return 1
    return 0
