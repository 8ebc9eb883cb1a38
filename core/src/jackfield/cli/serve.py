"""`jackfield serve`: the proxy itself, in this process or in several."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..config.rules import check_exposure
from ..model.errors import ConfigError
from ..model.version import VERSION
from . import heap, signals, sockets
from .descriptors import raise_limit, shortage
from .options import config_option, telling

if TYPE_CHECKING:
    from quart import Quart

    from ..host.bootstrap import Prepared
    from ..host.house import House


@click.command(context_settings={"ignore_unknown_options": True})
@config_option
@click.option("--host", help="Address to listen on, instead of the configuration's.")
@click.option("--port", type=click.IntRange(0, 65535), help="Port to listen on, instead of the configuration's.")
@click.option("--workers", type=click.IntRange(1, 256), default=1, show_default=True, help="Processes that serve.")
@click.option("--fd", "descriptors", type=int, multiple=True, hidden=True)
@click.argument("flags", nargs=-1, type=click.UNPROCESSED, metavar="[--PROVIDER]...")
def serve(
    path: Path | None,
    host: str | None,
    port: int | None,
    workers: int,
    descriptors: tuple[int, ...],
    flags: tuple[str, ...],
) -> None:
    """Serve clients until SIGTERM or Ctrl-C; open streams may end first (limits.shutdown-grace).

    A plugin's own flag (--NAME of a provider) says at the start what that part of the configuration brought.
    """
    from ..host.bootstrap import prepare
    from ..log import setup

    heap.share_one()
    signals.begin()
    with telling(path):
        prepared = _overridden(prepare(path), host, port)
    few = shortage(raise_limit(), prepared.settings.limits.max_streams)
    setup.detach()
    if descriptors:
        _work(prepared, sockets.inherited(descriptors))
        return
    _flag(prepared, flags)
    if few:
        click.echo(few, err=True)
    listening = sockets.listen(prepared.settings.host, prepared.settings.port)
    if workers > 1:
        _share(prepared, listening, workers)
    else:
        _serve(prepared, listening)


def _overridden(prepared: Prepared, host: str | None, port: int | None) -> Prepared:
    """Return the same with the command line's address. Raises ConfigError when that must not be open."""
    from ..host.bootstrap import awaiting

    settings = prepared.settings
    settings = replace(settings, host=host or settings.host, port=settings.port if port is None else port)
    if problems := list(check_exposure(settings.host, settings)):
        raise ConfigError(problems)
    return awaiting(replace(prepared, settings=settings))


def _flag(prepared: Prepared, flags: Sequence[str]) -> None:
    """Say what plugins tell of the flags given. Raises NoSuchOption for one that no plugin has."""
    told = prepared.plugins.serve_flags(prepared.settings) if flags else {}
    known = {f"--{name}": line for name, line in told.items()}
    for flag in flags:
        if flag not in known:
            own = [name for parameter in serve.params for name in parameter.opts]
            raise click.NoSuchOption(flag, possibilities=get_close_matches(flag, [*known, *own]))
        click.echo(known[flag], err=True)


def _serve(prepared: Prepared, listening: Sequence[socket.socket]) -> None:
    """Serve in this process."""
    from ..app import build
    from ..log import setup
    from ..model.clock import SystemClock
    from .serving import run

    line = _line(listening)
    app = build(prepared, SystemClock())
    run(app, listening, prepared.settings.limits, lambda: setup.say(line), again=_again(app))


def _work(prepared: Prepared, listening: Sequence[socket.socket]) -> None:
    """Serve as one of several processes: the parent tells the world, and tells us when to stop."""
    from ..app import build
    from ..model.clock import SystemClock
    from .serving import run

    app = build(prepared, SystemClock())
    run(app, listening, prepared.settings.limits, _tell_parent, again=_again(app), child=True)


def _share(prepared: Prepared, listening: Sequence[socket.socket], count: int) -> None:
    """Serve with several processes and watch over them."""
    from ..log import setup
    from .workers import Workers

    setup.configure(prepared.settings)
    setup.take_over()
    command = [sys.executable, "-P", "-m", "jackfield", "serve"]  # -P: nothing is imported from the working folder
    command += ["--config", str(prepared.settings.path)] if prepared.settings.path else []
    command += ["--host", prepared.settings.host]
    line = f"{_line(listening)}, {count} workers"

    async def run() -> bool:
        grace = prepared.settings.limits.shutdown_grace
        return await Workers(command, listening, count, grace, lambda: setup.say(line)).run()

    well = asyncio.run(run())
    setup.finish()
    if not well:
        raise click.ClickException("no worker is left")


def _again(app: Quart) -> Callable[[], Awaitable[None]]:
    """Return what reads the configuration of an app again."""
    from ..app import EXTENSION

    host: House = app.extensions[EXTENSION]
    return host.config.again


def _line(listening: Sequence[socket.socket]) -> str:
    return f"jackfield {VERSION} listens on {' and '.join(sockets.urls(listening))}"


def _tell_parent() -> None:
    """Say that this worker is ready, once; whatever is printed later goes to the log's place."""
    os.write(1, b"ready\n")
    os.dup2(2, 1)
