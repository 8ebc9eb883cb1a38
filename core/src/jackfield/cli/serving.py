"""Serving an app in this process: Hypercorn on uvloop with our own connections, on sockets that listen already."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import signal
import socket
import sys
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from ..config import Limits
from ..dialects import openai_errors
from ..log import setup
from ..server import ConnectionLimits, ServerConfig, serve
from . import signals
from .sockets import BACKLOG

Ready = Callable[[], None]
Again = Callable[[], Awaitable[None]]

logger = logging.getLogger("jackfield")


def run(
    app: Any, sockets: Sequence[socket.socket], limits: Limits, ready: Ready, *, again: Again, child: bool = False
) -> None:
    """Serve `app` until SIGTERM or SIGINT, then let open requests end within `limits.shutdown_grace`.

    `ready` is called once connections are accepted, `again` at every SIGHUP. A `child` also stops when its standard
    input ends, which is when its parent is gone. A second signal ends the process at once.
    """
    setup.take_over()
    gc.collect()
    gc.freeze()  # what start-up built stays for good: the collector need not look at it again
    # Requests leave few cycles behind, and the collector's usual 700 objects come together every second request:
    # looking less often saves some 4 % of a short one.
    gc.set_threshold(10_000, 10, 10)
    try:
        with asyncio.Runner(loop_factory=_loop_factory()) as runner:
            runner.run(_serve(app, _hypercorn(sockets, limits), ready, again, child))
    finally:
        setup.finish()


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    if sys.platform == "win32":
        return None
    import uvloop

    return uvloop.new_event_loop


def _hypercorn(sockets: Sequence[socket.socket], limits: Limits) -> ServerConfig:
    config = ServerConfig()
    config.limits = ConnectionLimits(
        limits.max_header_bytes, limits.header_timeout, limits.idle_timeout, limits.write_timeout
    )
    config.refuse = openai_errors.anonymous
    config.bind = [f"fd://{each.detach()}" for each in sockets]
    config.backlog = BACKLOG
    config.graceful_timeout = limits.shutdown_grace
    config.keep_alive_timeout = limits.idle_timeout
    config.h11_max_incomplete_size = limits.max_header_bytes
    config.h2_max_header_list_size = limits.max_header_bytes
    config.include_server_header = False
    config.errorlog = logging.getLogger("jackfield.server")
    config.errorlog.setLevel(logging.WARNING)
    return config


async def _serve(app: Any, config: ServerConfig, ready: Ready, again: Again, child: bool) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(_on_exception)
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, _stop, loop, stop)
    if child:
        loop.add_reader(sys.stdin.fileno(), _on_input, loop, stop)

    reading: set[asyncio.Task[None]] = set()

    def read_again() -> None:
        task = loop.create_task(_again(again))
        reading.add(task)
        task.add_done_callback(reading.discard)

    async def until_stopped() -> None:
        signals.follow(loop, read_again)
        ready()
        await stop.wait()

    await serve(app, config, until=until_stopped)


async def _again(again: Again) -> None:
    try:
        await again()
    except Exception:  # foreign code builds what the configuration says: what was in force stays
        logger.exception("the configuration could not be read again; the one before it stays in force")


def _on_exception(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    # A connection that is cut at the end of the time of grace is cancelled, which is no news to anybody.
    if not isinstance(context.get("exception"), asyncio.CancelledError):
        loop.default_exception_handler(context)


def _stop(loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    stop.set()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.remove_signal_handler(number)
        signal.signal(number, signal.SIG_DFL)


def _on_input(loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    if not os.read(sys.stdin.fileno(), 4096):
        loop.remove_reader(sys.stdin.fileno())
        stop.set()
