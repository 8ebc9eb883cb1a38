"""One configuration file: its plain data, and the line of every key and list item."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ...model.errors import ConfigError, Problem
from ...model.files import expanded, read_whole
from . import paths

ENVIRONMENT_VARIABLE = "JACKFIELD_CONFIG"
DEFAULT_FILE = "config.yaml"


@dataclass(frozen=True, slots=True)
class Document:
    """What a configuration file says, before anything is known about its keys.

    `data` is plain (dict, list, str, int, float, bool, None); `problems` are the findings that leave it readable,
    such as a key written twice. `path` is None and `text` empty where there is no file.
    """

    data: Mapping[str, Any] = field(default_factory=dict)
    path: Path | None = None
    text: str = ""
    lines: Mapping[paths.Path, int] = field(default_factory=dict, repr=False)
    problems: tuple[Problem, ...] = ()

    @classmethod
    def read(cls, path: Path | None) -> Document:
        """Return the file's content; None gives an empty document.

        Raises ConfigError when the file is missing, unreadable, not UTF-8, or as `parse` does.
        """
        return cls() if path is None else cls.parse(_text_of(path), path)

    @classmethod
    def parse(cls, text: str, path: Path | None = None) -> Document:
        """Return what `text` says. Raises ConfigError when it is not YAML, or no mapping."""
        from . import reader  # here: where there is no file, nobody need wait for YAML

        content = reader.read(text)
        return cls(content.data, path, text, content.lines, content.problems)

    def line_of(self, path: paths.Path) -> int:
        """Return the line (from 1) of a place, or of the nearest place around it that the file has; 0 for none."""
        for length in range(len(path), 0, -1):
            if line := self.lines.get(path[:length]):
                return line
        return 0

    def problem(self, path: paths.Path, message: str, fix: str = "", *, warning: bool = False) -> Problem:
        """Return a problem at a place of this document, with its line."""
        return Problem(paths.text(path), message, fix, self.line_of(path), warning)


def find(explicit: str | None, environ: Mapping[str, str]) -> Path | None:
    """Return the configuration file: `explicit`, else `JACKFIELD_CONFIG`, else `./config.yaml` where it exists.

    A file that was named is returned whether it exists or not, so that reading it says what is wrong.
    """
    if named := explicit or environ.get(ENVIRONMENT_VARIABLE):
        return expanded(Path(named))
    default = Path(DEFAULT_FILE)
    return default if default.exists() else None


def _text_of(path: Path) -> str:
    try:
        return read_whole(path).decode("utf-8")
    except FileNotFoundError:
        fix = f"create it, or name another with --config or {ENVIRONMENT_VARIABLE}"
        raise ConfigError([Problem("", f"there is no file {path}", fix)]) from None
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise ConfigError([Problem("", f"{path} is not UTF-8 text", "save the file as UTF-8", line)]) from None
    except (OSError, ValueError) as error:
        reason = (getattr(error, "strerror", None) or str(error)).lower()
        fix = "name a readable file with --config"
        raise ConfigError([Problem("", f"{path} cannot be read: {reason}", fix)]) from None


def by_line(problems: Iterable[Problem]) -> list[Problem]:
    """Return the problems in the order in which they stand in the file."""
    return sorted(problems, key=lambda problem: problem.line)
