"""Putting another configuration into effect while the server runs, without dropping a request."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..config import Document, Limits, Settings, load
from ..config.diff import changes
from ..config.file import ConfigFile, ConfigFileError, version_of
from ..config.rules import check_exposure
from ..config.watch import LOOK, NOTHING, Contents, digest_of, looks
from ..log import setup
from ..model.errors import ConfigError
from ..model.files import read_whole
from ..model.types import Credential
from ..plugins.manager import Plugins
from ..routing.runtime import NOBODY
from ..upstream.transport import Timeouts
from .build import build
from .house import House

logger = logging.getLogger("jackfield.config")

FIXED = (
    *("host", "port", "plugins"),
    *("limits.max-header-bytes", "limits.header-timeout", "limits.idle-timeout", "limits.write-timeout"),
    "limits.shutdown-grace",
)
"""Keys that take effect at the next start only."""


def timeouts_of(limits: Limits) -> Timeouts:
    """Return the upstream time-outs that the limits name."""
    return Timeouts(
        connect=limits.connect_timeout, first_byte=limits.first_byte_timeout, idle=limits.stream_idle_timeout
    )


class Reloader:
    """Checks, applies and stores configurations. One per app; plugins reach it as `host.config`."""

    def __init__(self, host: House, plugins: Plugins, schema: Mapping[str, Any], awaited: Path | None = None) -> None:
        self._host = host
        self._plugins = plugins
        self._schema = schema
        self._awaited = awaited
        self._found: Path | None = None
        self._bound_to = host.settings.host
        self._applied = ""
        self._text = ""
        self._refused = ""
        self._watched: list[Path] = []
        self._turn = asyncio.Lock()
        self._stop = threading.Event()
        self._task: asyncio.Task[None] | None = None

    @property
    def path(self) -> Path | None:
        """The configuration file; None when the server runs without one."""
        return self._host.settings.path or self._found

    @property
    def schema(self) -> Mapping[str, Any]:
        """The composed JSON Schema."""
        return self._schema

    def check(self, text: str) -> Settings:
        """Return the settings that a configuration's text gives. Raises ConfigError with every problem.

        Among them is a configuration without client keys for a server that other machines reach, whatever its text
        says of the host: that takes effect at the next start only.
        """
        document = Document.parse(text, self.path)
        settings = load(document, self._schema, self._plugins.check_config).settings
        if exposed := list(check_exposure(self._bound_to, settings)):
            raise ConfigError(exposed)
        return settings

    def text(self) -> str:
        """Return the file's text. Raises ConfigFileError when there is no file or it cannot be read."""
        try:
            return self._file().text()
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigFileError(f"{self.path} cannot be read: {error}") from error

    def store(self, change: Callable[[str], str], expected: str | None = None) -> Settings:
        """Change the file and return the settings that it then holds; nothing is stored that does not.

        Blocking, because it waits for other writers and for the disk. `expected` is the version that the writer had
        read. Raises ConfigError, ConfigFileError or VersionConflictError.
        """
        settings, _ = self._stored(change, expected)
        return settings

    def _stored(self, change: Callable[[str], str], expected: str | None) -> tuple[Settings, str]:
        checked: list[Settings] = []

        def checking(old: str) -> str:
            new = change(old)
            checked.append(self.check(new))
            return new

        text = self._file().replace(checking, expected)
        return checked[0], text

    async def change(self, change: Callable[[str], str], expected: str | None = None) -> Settings:
        """Change the file, put the result into effect and return it. Raises as `store` does."""
        async with self._turn:
            settings, text = await asyncio.to_thread(self._stored, change, expected)
            self._applied, self._text = version_of(text), text
            self.install(settings)
            return settings

    def apply(self, text: str) -> bool:
        """Put a configuration's text into effect; return False, and say why in the log, when it does not hold.

        A text that is in effect already, or was refused just before, is passed over.
        """
        version = version_of(text)
        if version == self._refused:
            return False
        if version == self._applied:
            if self._refused:
                logger.info("%s is again what it was", self.path)
            self._refused = ""
            return True
        try:
            settings = self.check(text)
        except ConfigError as error:
            self._refused = version
            self._complain(error)
            return False
        self._applied, self._text = version, text
        self.install(settings)
        return True

    async def reread(self) -> None:
        """Read the configuration, the files of its secrets and those that plugins name again, changed or not.

        What does not hold changes nothing, and the log says why. Without a file the plugins alone are asked.
        """
        async with self._turn:
            if self.path is not None:
                await self._reread(self.path)
            await self._reread_secrets()
            self.rebuild()

    async def _reread_secrets(self) -> None:
        """Put into effect what the files of secrets hold now; one that is gone or empty changes nothing."""
        if not (self._text and self._host.settings.secret_files):
            return
        try:
            self._install(await asyncio.to_thread(self.check, self._text))
        except ConfigError as error:
            logger.warning("a secret cannot be read again; what was read before serves on")
            for sentence in error.sentences:
                logger.warning("%s: %s", self.path, sentence)

    def install(self, settings: Settings) -> None:
        """Put checked settings into effect. Requests under way go on with what they began with."""
        self._refused = ""
        self._install(settings)

    def _install(self, settings: Settings) -> None:
        old = self._host.settings
        lines = changes(old.data, settings.data)
        if not lines and _beside_data(settings) == _beside_data(old):
            return
        self._swap(settings)
        for line in lines:
            logger.info("%s%s", line, " (takes effect at the next start)" if _is_fixed(line) else "")
        logger.info("%s", self.clients())
        self._plugins.on_config_change(old, settings)

    async def again(self) -> None:
        """Read the file once more, and whatever it and the plugins refer to: for whoever asks (SIGHUP)."""
        async with self._turn:
            logger.info("the configuration is read again, as SIGHUP asks")
            self._take_up()
            if self.path is not None:
                self._applied = self._refused = ""  # the same text may refer to something new
                await self._reread(self.path)
            self.rebuild()

    def rebuild(self) -> None:
        """Ask the plugins again for what the settings in force imply, such as after a login file changed."""
        before = self._host.in_force.found
        self._swap(self._host.settings)
        if lines := credential_changes(before, self._host.in_force.found):
            for line in lines:
                logger.info("%s", line)
            logger.info("%s", self.clients())

    def _swap(self, settings: Settings) -> None:
        before = self._host.in_force
        built = build(settings, self._plugins, self._host)
        before.selector.keep(unchanged(before.found, built.found))
        self._host.install(replace(built, selector=before.selector))
        if before.credentials and not built.credentials:
            logger.warning("%s: clients are answered 503 from now on", NOBODY)
        self._host.upstream.limit(timeouts_of(settings.limits))
        self._watched = [*self._plugins.watched_files(settings), *settings.secret_files]
        setup.configure(settings)

    def clients(self) -> str:
        """Return the line that counts the credentials in rotation: the total, then each source."""
        found = Counter(source_of(credential) for credential in self._host.in_force.credentials)
        told = ", ".join(f"{name} {count}" for name, count in sorted(found.items()))
        return f"clients: {found.total()} in rotation{f' ({told})' if told else ''}"

    def _complain(self, error: ConfigError) -> None:
        lines = [str(problem.line) for problem in error.problems if problem.line and not problem.warning]
        where = f" (line {', '.join(dict.fromkeys(lines))})" if lines else ""
        logger.error("%s is not valid; the configuration before it stays in force%s", self.path, where)
        for sentence in error.sentences:
            logger.error("%s: %s", self.path, sentence)

    def start(self) -> None:
        """Follow the file, and those that plugins name; without one, wait for it where it is awaited."""
        settings = self._host.settings
        self._watched = [*self._plugins.watched_files(settings), *settings.secret_files]
        if self.path is not None:
            self.apply(self.text())  # it may have been edited since it was loaded
        if self.path is not None or self._awaited is not None:
            self._task = asyncio.get_running_loop().create_task(self._follow(), name="jackfield config")

    async def stop(self) -> None:
        """Follow them no longer."""
        self._stop.set()
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def _take_up(self) -> None:
        """Take the file that was not there at the start for this server's as soon as it is there."""
        if self.path is None and self._awaited is not None and self._awaited.is_file():
            self._found = self._awaited
            self._host.local.move(self._found)
            logger.warning("%s was made since the start: it is the configuration from now on", self._found)

    async def _follow(self) -> None:
        while (path := self.path) is None:
            await asyncio.sleep(LOOK)
            self._take_up()
        contents = Contents()
        async for digests in looks(lambda: [path, *self._watched], self._stop):
            fresh = contents.update(digests, asyncio.get_running_loop().time())
            try:
                await self._take_in(path, digests[path], fresh)
            except Exception:  # foreign code: a plugin that fails to build must not end the watch
                logger.exception("%s could not be put into effect; the configuration before it stays in force", path)

    async def _take_in(self, path: Path, digest: bytes, fresh: Mapping[Path, bytes]) -> None:
        """Do what the files ask for as they are now.

        What the configuration was at the last look says nothing: it may have been changed over the API since.
        """
        async with self._turn:
            version = digest.hex()
            if digest != NOTHING and version != self._refused and (version != self._applied or self._refused):
                await self._reread(path)
            elif fresh.get(path) == NOTHING:
                logger.warning("%s is empty or gone; the configuration before it stays in force", path)
            secrets = self._host.settings.secret_files
            if any(file in secrets for file in fresh):
                await self._reread_secrets()
            if any(file != path and file not in secrets for file in fresh):
                self.rebuild()

    async def _reread(self, path: Path) -> None:
        try:
            content = await asyncio.to_thread(read_whole, path)
            if content:
                self.apply(content.decode("utf-8"))
        except UnicodeDecodeError as error:
            self._refused = digest_of(content).hex()
            logger.error("%s cannot be read: %s; the configuration before it stays in force", path, error)
        except OSError:
            return  # it was there a moment ago and will be again

    def _file(self) -> ConfigFile:
        if self.path is None:
            raise ConfigFileError("the server runs without a configuration file; start it with --config FILE")
        return ConfigFile(self.path)


def _beside_data(settings: Settings) -> tuple[object, ...]:
    """Return what a file's keys do not show."""
    return settings.path, settings.missing, settings.secret_files


def _is_fixed(line: str) -> bool:
    """Return True for a line that speaks of a key which takes effect at the next start only."""
    place = line.partition(":")[0]
    return any(place == key or place.startswith((f"{key}.", f"{key}[")) for key in FIXED)


def source_of(credential: Credential) -> str:
    """Return what kind of configuration a credential comes from: `config:acme[fox]` is `acme`; else its provider."""
    kind, _, place = str(credential.attributes.get("source", "")).partition(":")
    return place.partition("[")[0] if kind == "config" and place else credential.provider


def credential_changes(old: Iterable[Credential], new: Iterable[Credential]) -> list[str]:
    """Return a line for each credential that came, went, or is another than it was; no line tells a secret."""
    before, after = {each.id: each for each in old}, {each.id: each for each in new}
    return [
        f"credential {name}: {_change(before.get(name), after.get(name))}"
        for name in sorted(before.keys() | after.keys())
        if before.get(name) != after.get(name)
    ]


def unchanged(old: Iterable[Credential], new: Iterable[Credential]) -> set[str]:
    """Return the ids of credentials that are in both with the same keys: what failed with others proves nothing."""
    before = {each.id: (each.attributes, each.metadata) for each in old}
    return {each.id for each in new if before.get(each.id) == (each.attributes, each.metadata)}


def _change(old: Credential | None, new: Credential | None) -> str:
    if old is None or new is None:
        return "removed" if new is None else f"added, {_status(new)}"
    return f"{old.status} -> {_status(new)}" if _status(old) != _status(new) else "updated"


def _status(credential: Credential) -> str:
    reason = credential.metadata.get("reason")
    return f"{credential.status} ({reason})" if reason else credential.status
