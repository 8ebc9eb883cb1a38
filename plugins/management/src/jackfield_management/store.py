"""The configuration file as the routes see it: read with its version, changed one writer at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from jackfield.api import (
    ConfigError,
    ConfigFileError,
    Document,
    EditError,
    Host,
    Problem,
    Section,
    foreign_references,
    version_of,
)
from quart import request
from werkzeug.datastructures import ETags
from werkzeug.http import parse_etags

from .answers import Faulty, Headers, Refused

UNREADABLE = "the configuration file does not hold; mend it first"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A state of the file. Without a file the document is empty and has no headers."""

    document: Document
    headers: Headers


Change = Callable[[Document], Any]
"""Takes the file's content and returns what a section shall say. Raises ConfigError or Refused."""


class Store:
    """Reads and changes the configuration of a host."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._turn = asyncio.Lock()  # so that the last one written is the last one put into effect
        self._held = self._at_first()
        self.sections = Section.all(host.config.schema)

    def _at_first(self) -> Document:
        try:
            return Document.read(self._host.config.path)
        except ConfigError:
            return Document(path=self._host.config.path)

    async def read(self) -> Snapshot:
        """Return what the file says now, which is what other workers wrote too. Raises Refused (409, 503)."""
        if self._host.config.path is None:
            return Snapshot(Document(), {})
        text = await self.text()
        try:
            return await asyncio.to_thread(_snapshot, text)
        except ConfigError as error:
            raise Faulty("config", error.problems, status=409, heading=UNREADABLE) from None

    async def text(self) -> str:
        """Return the file's text. Raises Refused (404, 503)."""
        if self._host.config.path is None:
            raise Refused(404, "no configuration file", "the proxy runs without one")
        try:
            return await asyncio.to_thread(self._host.config.text)
        except ConfigFileError as error:
            raise Refused(503, "the configuration file cannot be read", str(error)) from None

    async def change(self, section: Section, change: Change) -> Snapshot:
        """Let a section say something else, and return what the file says then.

        Raises Faulty for what does not hold (422; 409 when it is the rest of the file), Refused when the file is not
        the version of `If-Match` (412), when there is none (409), or when it cannot be written (409, 503).
        """
        former = ""

        def edit(text: str) -> str:
            nonlocal former
            former = text
            try:
                document = Document.parse(text)
            except ConfigError as error:
                raise Faulty("config", error.problems, status=409, heading=UNREADABLE) from None
            return section.rewritten(text, change(document))

        try:
            return await self.write(edit)
        except ConfigError as error:
            raise _faulty(section, error.problems, self._problems(former)) from None

    async def write(self, edit: Callable[[str], str]) -> Snapshot:
        """Change the file's text, put it into effect and return what it says then.

        Raises ConfigError when it does not hold, Refused as `change` does.
        """
        if self._host.config.path is None:
            raise Refused(
                409, "no configuration file", "the proxy runs without one; start it with --config FILE to change it"
            )
        condition = _condition()
        written: list[str] = []

        def checked(text: str) -> str:
            if condition is not None and not condition.contains(version_of(text)):
                raise Refused(412, "the configuration has changed", "read it again, and send the new ETag in If-Match")
            written.append(edit(text))
            self._check_references(text, written[-1])
            return written[-1]

        try:
            async with self._turn:
                await self._host.config.change(checked)
        except EditError as error:
            raise Refused(409, "the configuration file cannot be edited", str(error)) from None
        except (ConfigFileError, UnicodeDecodeError) as error:
            raise Refused(503, "the configuration file cannot be written", str(error)) from None
        return await asyncio.to_thread(_snapshot, written[-1])

    def _check_references(self, old: str, new: str) -> None:
        """Raise ConfigError for references that the file does not have there: the key may not read any secret."""
        config = self._host.config
        with suppress(ConfigError):  # then what it said when it last could be read counts
            self._held = Document.parse(old, config.path)
        if problems := foreign_references(self._held, Document.parse(new, config.path), config.schema):
            raise ConfigError(problems)

    def _problems(self, text: str) -> list[Problem]:
        try:
            self._host.config.check(text)
        except ConfigError as error:
            return list(error.problems)
        return []


def _snapshot(text: str) -> Snapshot:
    return Snapshot(Document.parse(text), etag(text))


def etag(text: str) -> Headers:
    """Return the header that names the version of the file."""
    return {"ETag": f'"{version_of(text)}"'}


def _condition() -> ETags | None:
    header = request.headers.get("If-Match")
    return None if header is None else parse_etags(header)


def errors(problems: Iterable[Problem]) -> list[Problem]:
    """Return the problems that refuse a configuration."""
    return [problem for problem in problems if not problem.warning]


def _faulty(section: Section, problems: Iterable[Problem], former: list[Problem]) -> Faulty:
    """Return whose fault it is: the section's, or that of a file that did not hold before."""
    known = {(problem.path, problem.message) for problem in former}
    found = errors(problems)
    own = [problem for problem in found if section.holds(problem) or (problem.path, problem.message) not in known]
    if own:
        return Faulty(section.key, own)
    return Faulty("config", found, status=409, heading=UNREADABLE)
