"""A request that a fake upstream received, and what became of its answer."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from .signals import DEFAULT_TIMEOUT, Changed


class RecordedRequest:
    """One request as it came over the wire.

    `headers` has lower-case names (of repeated ones the last value; `raw_headers` has them all), `path` includes
    the query, `connection` numbers the TCP connection from 1, `at` is `time.monotonic()` when the body was complete.
    `sent` counts the body bytes that the upstream could hand to its socket.
    """

    def __init__(
        self, method: str, path: str, raw_headers: Sequence[tuple[str, str]], body: bytes, connection: int = 0
    ) -> None:
        self.method = method
        self.path = path
        self.raw_headers = tuple(raw_headers)
        self.headers: Mapping[str, str] = {name.lower(): value for name, value in raw_headers}
        self.body = body
        self.connection = connection
        self.at = time.monotonic()
        self.sent = 0
        self.finished = False
        """True when the script came to its end (a hang never does)."""
        self.closed_at: float | None = None
        """`time.monotonic()` when the other side dropped the connection before the script's end; else None."""
        self._changed = Changed()
        self._paused = False
        self._tickets = 0
        self._ticket_lock = threading.Lock()
        self._resumed = Changed()

    @property
    def key(self) -> str:
        """The key in `Authorization: Bearer`, "" without one."""
        scheme, _, value = self.headers.get("authorization", "").partition(" ")
        return value if scheme.lower() == "bearer" else ""

    @property
    def closed(self) -> bool:
        """True when the other side dropped the connection before the script's end."""
        return self.closed_at is not None

    def json(self) -> dict[str, Any]:
        """Return the body as an object. Raises ValueError when it is none."""
        value = orjson.loads(self.body)
        if not isinstance(value, dict):
            raise ValueError(f"the body is no JSON object: {self.body[:80]!r}")
        return value

    async def wait_closed(self, within: float = DEFAULT_TIMEOUT) -> None:
        """Return when the other side has dropped the connection. Raises TimeoutError."""
        await self._changed.wait(lambda: self.closed, within, lambda: f"{self!r} is still open")

    def wait_closed_sync(self, within: float = DEFAULT_TIMEOUT) -> None:
        """Do the same from a thread without a loop."""
        self._changed.wait_sync(lambda: self.closed, within, lambda: f"{self!r} is still open")

    async def wait_finished(self, within: float = DEFAULT_TIMEOUT) -> None:
        """Return when the script has come to its end. Raises TimeoutError."""
        await self._changed.wait(lambda: self.finished, within, lambda: f"{self!r} is not finished")

    async def wait_paused(self, within: float = DEFAULT_TIMEOUT) -> None:
        """Return when the script stands at a `Pause`. Raises TimeoutError."""
        await self._changed.wait(lambda: self._paused, within, lambda: f"{self!r} reached no pause")

    def resume(self) -> None:
        """Let the script go past one `Pause`, the present one or the next."""
        with self._ticket_lock:
            self._tickets += 1
        self._resumed.notify()

    async def pause(self) -> None:
        """Stand still until `resume` is called. Part of the player's side, as are the two below."""
        self._paused = True
        self._changed.notify()
        await self._resumed.wait(lambda: self._tickets > 0, 3600.0, lambda: "never resumed")
        with self._ticket_lock:
            self._tickets -= 1
        self._paused = False

    def mark_finished(self) -> None:
        """Note that the script came to its end."""
        self.finished = True
        self._changed.notify()

    def mark_closed(self) -> None:
        """Note that the other side left before the script's end."""
        if not self.finished and self.closed_at is None:
            self.closed_at = time.monotonic()
            self._changed.notify()

    def __repr__(self) -> str:
        return f"<{self.method} {self.path} on connection {self.connection}, {self.sent} bytes sent>"


async def hang() -> None:
    """Wait for ever."""
    await asyncio.Event().wait()
