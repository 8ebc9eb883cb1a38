"""C7: what came with a connection, before it was ours, is not kept for as long as it stays open."""

import asyncio
import contextlib
import sys
from unittest.mock import MagicMock

from hypercorn.asyncio import run
from jackfield.server import ServerConfig


class Reader:
    """Has got the beginning of a request already."""

    def __init__(self, early):
        self.early = early

    def feed_eof(self):
        pass

    async def read(self):
        early, self.early = self.early, b""
        return early


async def test_the_bytes_that_came_first_are_let_go():
    early = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n" + b"x" * 50_000
    alone = sys.getrefcount(early)
    asked = asyncio.Event()

    async def app(scope, receive, send):
        asked.set()
        await asyncio.sleep(60)

    config, writer = ServerConfig(), MagicMock()
    config.app = app
    adopted = run.TCPServer(app, asyncio.get_running_loop(), config, None, {}, Reader(early), writer)

    async def served():
        await adopted

    serving = asyncio.ensure_future(served())
    await asyncio.wait_for(asked.wait(), 10)
    assert sys.getrefcount(early) == alone
    serving.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await serving
