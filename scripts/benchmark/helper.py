"""Serve an asyncio.Protocol from a process of its own that ends with the process that started it."""

from __future__ import annotations

import asyncio
import gc
import sys
from collections.abc import Callable

import uvloop

BACKLOG = 4096


def serve(factory: Callable[[], asyncio.BaseProtocol]) -> None:
    """Serve on a free loopback port, print the port as one line, and go on until standard input closes."""
    uvloop.run(_serve(factory))


async def _serve(factory: Callable[[], asyncio.BaseProtocol]) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(factory, "127.0.0.1", 0, backlog=BACKLOG)
    gc.freeze()
    print(server.sockets[0].getsockname()[1], flush=True)
    await _end_of_input(loop)
    server.close()


async def _end_of_input(loop: asyncio.AbstractEventLoop) -> None:
    reader = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    await reader.read()
