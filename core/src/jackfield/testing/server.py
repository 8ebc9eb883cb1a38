"""An ASGI app behind the real Hypercorn, on a free loopback port, for as long as a `with` block lasts."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import httpx
from hypercorn.config import Config
from hypercorn.utils import LifespanFailureError

from ..dialects import openai_errors
from ..server import ServerConfig, serve
from .threads import LoopThread

ASGIApp = Callable[..., Awaitable[None]]
GRACE = 1.0
"""Seconds that streams still open at the end get before they are cut."""


class RunningServer:
    """A server under test.

    `base_url` is its root, such as `http://127.0.0.1:40123`; `v1` the same with `/v1`, as the OpenAI SDK wants it.
    `app` is what it serves.
    """

    def __init__(self, app: Any, port: int) -> None:
        self.app = app
        self.port = port
        self.base_url = f"http://127.0.0.1:{port}"
        self.v1 = f"{self.base_url}/v1"

    def client(self, key: str = "", **options: Any) -> httpx.AsyncClient:
        """Return a new HTTP client for this server, with a client key where one is given. Close it."""
        return httpx.AsyncClient(base_url=self.base_url, headers=_bearer(key), trust_env=False, **options)

    def sync_client(self, key: str = "", **options: Any) -> httpx.Client:
        """Return the same for a test without a loop."""
        return httpx.Client(base_url=self.base_url, headers=_bearer(key), trust_env=False, **options)


def _bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"} if key else {}


@asynccontextmanager
async def running(app: ASGIApp, *, config: Config | None = None, grace: float = GRACE) -> AsyncIterator[RunningServer]:
    """Serve `app` in the test's own loop.

    The lifespan has started when the block begins and has ended when it is left; what either raises is raised here.
    It is served as `jackfield serve` does it. A plain `config` of Hypercorn makes it Hypercorn alone, as
    `hypercorn jackfield.asgi:app` does it; its `bind` and logs are set here.
    """
    config = config or ServerConfig()
    if isinstance(config, ServerConfig):
        config.refuse = openai_errors.anonymous
    listener = _listen()
    port = listener.getsockname()[1]
    config.bind = [f"fd://{listener.detach()}"]
    config.errorlog = logging.getLogger("hypercorn.error")
    config.graceful_timeout = grace
    started, stop = asyncio.Event(), asyncio.Event()
    exchanges: set[asyncio.Task[None]] = set()
    task = asyncio.create_task(_serve(_announcing(app, started, exchanges), config, stop))
    try:
        await _until_started(started, task)
        yield RunningServer(app, port)
    finally:
        stop.set()
        await _ended(task, exchanges, grace)


def _listen() -> socket.socket:
    """Return a socket that listens already, so that a request sent early waits instead of being refused."""
    listener = socket.create_server(("127.0.0.1", 0))
    listener.setblocking(False)
    return listener


def _announcing(app: ASGIApp, started: asyncio.Event, exchanges: set[asyncio.Task[None]]) -> ASGIApp:
    """Set `started` when the lifespan has begun, or when the app has none; keep the tasks of what is served."""

    async def announced(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "lifespan":
            if (task := asyncio.current_task()) is not None:
                exchanges.add(task)
                task.add_done_callback(exchanges.discard)
            await app(scope, receive, send)
            return

        async def watched(message: Any) -> None:
            await send(message)
            if message["type"] == "lifespan.startup.complete":
                started.set()

        try:
            await app(scope, receive, watched)
        except (asyncio.CancelledError, LifespanFailureError):
            raise
        except Exception:
            started.set()
            raise

    return announced


async def _until_started(started: asyncio.Event, server: asyncio.Task[None]) -> None:
    """Return when the app is up. Raises what the server ended with."""
    waiting = asyncio.create_task(started.wait())
    await asyncio.wait([waiting, server], return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    if server.done():
        await server


async def _ended(server: asyncio.Task[None], exchanges: set[asyncio.Task[None]], grace: float) -> None:
    """Wait for the server's end. Past the time of grace what it still serves is cancelled, and then the server.

    From Python 3.12 on, Hypercorn waits for every open connection before its own time of grace begins.
    """
    done, _ = await asyncio.wait([server], timeout=grace)
    if not done:
        for exchange in exchanges:
            exchange.cancel()
        done, _ = await asyncio.wait([server], timeout=5)
    if not done:
        server.cancel()
    await server


async def _serve(app: ASGIApp, config: Config, stop: asyncio.Event) -> None:
    await serve(app, config, until=stop.wait)


@contextmanager
def running_in_thread(app: ASGIApp, *, config: Config | None = None, grace: float = GRACE) -> Iterator[RunningServer]:
    """Serve `app` in a thread with its own loop, next to clients that block."""
    context = running(app, config=config, grace=grace)
    with LoopThread() as thread:
        server = thread.run(context.__aenter__())
        try:
            yield server
        finally:
            thread.run(context.__aexit__(None, None, None))
