"""Putting the house together: configuration, plugins, runtime, routes, and what starts and stops with the server."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import cast

import click
from quart import Blueprint, Quart
from quart.cli import ScriptInfo

from .config import find
from .config.settings import Settings
from .dialects.base import Dialect
from .dialects.chat import ChatDialect
from .dialects.messages import MessagesDialect
from .dialects.responses import ResponsesDialect
from .dialects.responses.memory import Bounds, ResponseMemory
from .edge import auth, compact, count_tokens, replies, status
from .edge.bodies import PlainRequest
from .edge.cors import Cors
from .edge.ingress import Ingress
from .host.bootstrap import SIBLINGS, Prepared, awaiting, prepare
from .host.build import build as build_runtime
from .host.health_checks import Checker
from .host.house import House
from .host.local_access import LocalAccess
from .host.reload import Reloader, timeouts_of
from .log import setup
from .metering.observers import Observers
from .model.clock import SystemClock
from .model.errors import ConfigError, JackfieldError
from .model.types import Clock
from .plugins.manager import Plugins
from .routing.runtime import NOBODY
from .server.asgi_types import ASGIApp, Receive, Scope, Send
from .upstream import UpstreamClient

logger = logging.getLogger("jackfield")

EXTENSION = "jackfield"
"""Where a Quart app keeps its `House`, under `app.extensions`."""


def create_app(
    config: str | Path | None = None, *, plugins: Mapping[str, object] | None = None, clock: Clock | None = None
) -> Quart:
    """Return the proxy as a Quart app, for any ASGI server.

    `config` names the configuration file; None looks where the command line does (`JACKFIELD_CONFIG`,
    `./config.yaml`) and goes without a file if there is none. `plugins` are plugin objects by name beside the
    installed ones. Raises ConfigError or PluginError; asked by the command `quart`, it ends that as
    `for_a_command` does.
    """
    path = Path(config) if config is not None else find(None, os.environ)
    context = click.get_current_context(silent=True)
    if context is not None and context.find_object(ScriptInfo) is not None:
        return for_a_command(path, plugins)
    return build(awaiting(prepare(path, plugins)), clock or SystemClock())


def for_a_command(path: Path | None, plugins: Mapping[str, object] | None = None) -> Quart:
    """Return the app for another server's command line, and say which file it reads.

    Where that does not hold, stderr is told what `jackfield serve` says, and the process ends with 1. What is raised
    while a server imports its app would end in a traceback of thirty lines, the sentence at their end.
    """
    try:
        app = build(awaiting(prepare(path, plugins)), SystemClock())
    except ConfigError as error:
        sys.exit("\n".join(problem.at(path) for problem in error.problems))
    except JackfieldError as error:
        sys.exit(f"jackfield: {error}")
    if path is not None:  # without a file the app says so itself
        logger.info("the configuration is %s", path.absolute())
    return app


def build(prepared: Prepared, clock: Clock) -> Quart:
    """Return the app of a checked configuration."""
    settings, plugins = prepared.settings, prepared.plugins
    setup.configure(settings)
    host = House(clock, UpstreamClient(timeouts_of(settings.limits)), LocalAccess(settings.path))
    host.install(build_runtime(settings, plugins, host))
    _announce(prepared, host)
    reloader = Reloader(host, plugins, prepared.schema, prepared.awaited)
    host.follow(reloader, plugins)
    observers, checker, gate = _observers(host, plugins), Checker(host, plugins), auth.Gate(clock)
    app = Quart("jackfield", static_folder=None)
    app.config.update(_limits(settings), RESPONSE_TIMEOUT=None)
    app.request_class = PlainRequest
    app.extensions[EXTENSION] = host
    replies.install(app)
    for blueprint in (*_blueprints(host, plugins, gate), *plugins.blueprints(host)):
        app.register_blueprint(blueprint)

    @app.before_serving
    async def start() -> None:
        observers.start()
        host.local.open()
        reloader.start()
        await plugins.startup(host)
        checker.start()

    @app.after_serving
    async def stop() -> None:
        await reloader.stop()
        await checker.stop()
        await observers.stop()
        await plugins.shutdown(host)
        host.local.close()
        await host.upstream.aclose()

    ingress = Ingress(_limited(app, host), dialects(_memory(host)), host, plugins, observers.emit, gate)
    host.counters.read(open_requests=lambda: ingress.open_requests, records_dropped=lambda: observers.dropped)
    app.asgi_app = Cors(ingress, host)  # type: ignore[method-assign, assignment]  # Quart's documented place for middleware
    return app


def _blueprints(host: House, plugins: Plugins, gate: auth.Gate) -> tuple[Blueprint, ...]:
    return (
        status.blueprint(host, plugins, gate),
        count_tokens.blueprint(host, gate),
        compact.blueprint(host, plugins, gate),
    )


def _observers(host: House, plugins: Plugins) -> Observers:
    return Observers(
        lambda record: plugins.on_request_complete(record, host),
        wanted=lambda: plugins.observers,
        logged=lambda: host.settings.request_log,
    )


def dialects(memory: ResponseMemory | None = None) -> dict[str, Dialect]:
    """Return the dialect of each route that carries answers; `memory` is for those whose clients refer to them."""
    return {
        "/v1/responses": ResponsesDialect(memory, auth.owner),
        "/v1/messages": MessagesDialect(),
        "/v1/chat/completions": ChatDialect(),
    }


def _memory(host: House) -> ResponseMemory:
    return ResponseMemory(host.clock, lambda: _bounds(host.settings))


def _bounds(settings: Settings) -> Bounds:
    """Return how much of recent answers is remembered: nothing where the next request may meet another process."""
    kept = settings.response_memory
    return _bounds_of(kept.max_bytes, kept.max_age, os.environ.get(SIBLINGS, "1"))


@lru_cache(maxsize=8)  # asked twice a request
def _bounds_of(max_bytes: int, max_age: float, siblings: str) -> Bounds:
    if int(siblings) > 1:
        return Bounds(0, 0, "response-memory is off with several workers, of which each would know its own alone")
    return Bounds(max_bytes, max_age) if max_bytes and max_age else Bounds(0, 0, "response-memory is off")


def _limits(settings: Settings) -> dict[str, float | None]:
    """Return the limits of a request's body in Quart's terms."""
    return {"MAX_CONTENT_LENGTH": settings.limits.max_body_bytes, "BODY_TIMEOUT": settings.limits.body_timeout or None}


def _limited(app: Quart, host: House) -> ASGIApp:
    """Return the Quart app with the limits in force: it reads its own anew for every request."""
    quart = cast("ASGIApp", app.asgi_app)

    async def limited(scope: Scope, receive: Receive, send: Send) -> None:
        app.config.update(_limits(host.settings))
        await quart(scope, receive, send)

    return limited


def _warn_of_nobody(host: House) -> None:
    """Say that a configuration file leaves nobody to answer: the demo takes nobody's place."""
    if host.settings.path and not host.in_force.credentials:
        logger.warning("%s: %s: clients are answered 503", host.settings.path, NOBODY)


def _announce(prepared: Prepared, host: House) -> None:
    """Say what a new operator would otherwise wonder about."""
    settings: Settings = prepared.settings
    if settings.path is None:
        looked = f" at {prepared.awaited}; one made there is taken up" if prepared.awaited else ""
        logger.warning("no configuration file%s: serving the built-in providers on %s only", looked, settings.host)
    _warn_of_nobody(host)
    for problem in prepared.warnings:
        logger.warning("%s: %s", settings.path, problem)
