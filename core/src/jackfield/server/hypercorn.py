"""How Hypercorn's connections become ours."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Generator
from typing import Any, cast

from hypercorn import asyncio as hypercorn
from hypercorn.asyncio import run as worker
from hypercorn.asyncio.tcp_server import TCPServer
from hypercorn.config import Config

from .asgi_types import ASGIApp
from .connection import Connection
from .limits import ConnectionLimits
from .refusal import Refuse, plainly

_Hypercorns = TCPServer
"""What serves the connections of every other server in this process."""


class ServerConfig(Config):
    """Hypercorn's configuration, for a server whose connections are ours.

    `limits` are those of the connections, `refuse` says what a client is told whose request is none. Neither TLS nor
    an access log is for such a server: what needs them takes a plain `Config`.
    """

    def __init__(self) -> None:
        super().__init__()
        self.limits = ConnectionLimits()
        self.refuse: Refuse = plainly
        self.app: ASGIApp | None = None
        self.connections: set[Connection] = set()
        self.stopping = False

    def stop(self) -> None:
        """Close what is idle, and every other connection after its current answer."""
        self.stopping = True
        for connection in tuple(self.connections):
            connection.stop()


async def serve(app: ASGIApp, config: Config, *, until: Callable[[], Awaitable[Any]]) -> None:
    """Serve `app` until `until` returns, then let open requests end within `config.graceful_timeout` seconds.

    Past that they are cancelled, so that they can still say a last word.
    """
    if isinstance(config, ServerConfig):
        config.app = app

    async def stopped() -> None:
        await until()
        if isinstance(config, ServerConfig):
            config.stop()

    typed = cast("Any", app)  # Hypercorn's types name every ASGI message
    await hypercorn.serve(typed, config, shutdown_trigger=stopped, mode="asgi")


class _Adopted:
    """Stands where Hypercorn would run a TCPServer: awaited, it serves one connection to its end."""

    def __init__(self, *arguments: Any) -> None:
        self._app, self._loop, self._config, self._context, self._state, self._reader, self._writer = arguments

    def __await__(self) -> Generator[Any, None, None]:
        return self._run().__await__()

    async def _run(self) -> None:
        config: ServerConfig = self._config
        assert config.app is not None  # noqa: S101  # serve() puts it there before the first connection
        transport = self._writer.transport
        connection = Connection(config.app, config.limits, self._state, config.refuse)
        config.connections.add(connection)
        try:
            left = getattr(self._reader, "_eof", False)  # an end that was heard here is not told again
            self._reader.feed_eof()
            early = await self._reader.read()
            transport.set_protocol(connection)
            connection.connection_made(transport)
            if early:
                connection.data_received(early)
                del early  # the beginning of a request, which would stay as long as the connection
            if left and not connection.eof_received():
                transport.close()
            if config.stopping:
                connection.stop()
            await connection.served()
        finally:
            config.connections.discard(connection)


def _tcp_server(*arguments: Any) -> Any:
    """Return what serves a connection: ours for our servers, Hypercorn's for all others in this process."""
    ours = isinstance(arguments[2], ServerConfig)
    return _Adopted(*arguments) if ours else _Hypercorns(*arguments)


setattr(worker, "TCPServer", _tcp_server)  # noqa: B010  # mypy allows no plain assignment to a class of another module
