"""Values of keys that hold a secret: written out, as `env:NAME`, or as `file:/path`.

Inside a mapping that says `enabled: false` a secret that cannot be found is only warned about: what is off need not be
complete.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..model.errors import JackfieldError, Problem
from ..model.files import expanded
from ..model.secret import Secret
from .schema.view import View, is_list, is_map
from .text import paths
from .text.document import Document

LARGEST_FILE = 65_536
"""A secret's file may have this many bytes."""


class _NotFoundError(JackfieldError):
    """A reference leads nowhere; the arguments are what is wrong and how to mend it."""

    def __str__(self) -> str:
        return "; ".join(self.args)


def revealed(written: str, config: Path | None, environ: Mapping[str, str] | None = None) -> str:
    """Return the secret that stands in a configuration file, or that the reference there leads to.

    For commands, which read single keys of a configuration that they do not load. `config` is the file, beside which a
    `file:` that is relative is looked for; None: the current folder. Raises JackfieldError, whose words name no secret.
    """
    if written.startswith("env:"):
        found = _from_environment(written.removeprefix("env:").strip(), os.environ if environ is None else environ)
    elif written.startswith("file:"):
        found = _from_file(path_of(written, config))
    else:
        found = written
    return _checked(found)


def path_of(reference: str, config: Path | None) -> Path:
    """Return the file that a `file:` reference in a configuration file means."""
    base = config.parent if config else Path()
    return base / expanded(Path(reference.removeprefix("file:").strip()))


@dataclass(slots=True)
class Resolver:
    """Turns the secrets in a document's data into `Secret`s, collecting what it cannot find in `problems`."""

    document: Document
    environ: Mapping[str, str]
    problems: list[Problem] = field(default_factory=list)
    files: list[Path] = field(default_factory=list)
    """The files that secrets are in, those that are not there too."""

    def resolve(self, value: Any, view: View, path: paths.Path = (), off: bool = False) -> Any:
        """Return a copy of `value` whose secrets are resolved; one that is not found becomes an empty secret."""
        if is_map(value):
            off = off or value.get("enabled") is False
            return {key: self.resolve(part, view.key(key), (*path, key), off) for key, part in value.items()}
        if is_list(value):
            return [self.resolve(part, view.item(index), (*path, index), off) for index, part in enumerate(value)]
        if isinstance(value, str) and view.secret:
            return self._secret(value, path, off)
        return value

    def _secret(self, written: str, path: paths.Path, off: bool) -> Secret:
        try:
            if written.startswith("file:"):
                self.files.append(path_of(written, self.document.path))
            return Secret(revealed(written, self.document.path, self.environ))
        except _NotFoundError as error:
            message, fix = error.args
            self.problems.append(self.document.problem(path, message, fix, warning=off))
            return Secret("")


def _from_environment(name: str, environ: Mapping[str, str]) -> str:
    value = environ.get(name)
    if value is None:
        raise _NotFoundError(f"the environment variable {name or '(no name)'} is not set", "set it before the start")
    if not value.strip():
        raise _NotFoundError(f"the environment variable {name} is empty", "give it a value before the start")
    return value.strip()


def _from_file(path: Path) -> str:
    fix = "put the secret into that file, and nothing else"
    try:
        if path.exists() and not path.is_file():
            raise _NotFoundError(f"{path} is no file", fix)
        with path.open("rb") as file:
            content = file.read(LARGEST_FILE + 1)
        value = content.decode("utf-8-sig").strip()
    except UnicodeDecodeError:
        raise _NotFoundError(f"the file {path} is not UTF-8 text", fix) from None
    except (OSError, ValueError) as error:
        reason = (getattr(error, "strerror", None) or "not a path").lower()
        raise _NotFoundError(f"the file {path} cannot be read: {reason}", fix) from None
    if len(content) > LARGEST_FILE:
        raise _NotFoundError(f"the file {path} is larger than {LARGEST_FILE} bytes", fix)
    if not value:
        raise _NotFoundError(f"the file {path} is empty", fix)
    return value


def _checked(value: str) -> str:
    if any(ord(sign) < 32 or ord(sign) == 127 for sign in value):
        message = "has a line break or another control character within"
        raise _NotFoundError(message, "write the secret on one line, with nothing around it")
    if any("\ud800" <= sign <= "\udfff" for sign in value):  # what the environment holds need not be text
        raise _NotFoundError("is not UTF-8 text", "write the secret as text")
    return value
