"""The blueprint: every route of the management API, behind the guard."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jackfield.api import Host, Section
from quart import Blueprint, Response, request
from werkzeug.exceptions import HTTPException

from . import answers, openapi, pages, sections, status, whole
from .guard import PREFIX, Guard, is_straight
from .keyed import routed
from .sections import Handlers
from .store import Store


def blueprint(host: Host) -> Blueprint:
    """Return the routes of a host."""
    routes = Blueprint("management", __name__, url_prefix=PREFIX)
    answers.install(routes)
    protect(routes, host)
    _catch_strays(routes, host)
    for path, handlers in table(host, Store(host)).items():
        for method, handler in handlers.items():
            routes.add_url_rule(
                path, f"{method} {path}".replace(".", "_"), handler, methods=[method], provide_automatic_options=False
            )
    return routes


def protect(routes: Blueprint, host: Host, described: Mapping[str, Any] | None = None) -> None:
    """Let only those in who have the management key: for any plugin's routes under /v0/management.

    `described` are OpenAPI path items by their whole path, for `/openapi.json`.
    """
    guard = Guard.of(host)
    guard.described.update(described or {})

    @routes.before_request
    async def admit() -> Response | None:
        return await _refused(guard)


def table(host: Host, store: Store) -> dict[str, Handlers]:
    """Return the handlers of every route, by path below the prefix."""
    fixed = {
        "/config": whole.config(store),
        "/config.yaml": whole.file(store),
        "/health": status.health(host),
        "/models": status.models(host),
        "/openapi.json": openapi.route(host),
        "/plugins": status.plugins(host),
        "/providers": status.providers(host),
        "/reset-cooldown": status.reset_cooldown(host),
    }
    keys = {f"/{section.key}": _handlers(host, store, section) for section in routed(store.sections)}
    return {**keys, **fixed}


def _handlers(host: Host, store: Store, section: Section) -> Handlers:
    if section.kind == "boolean":
        return sections.switch(store, section)
    return sections.block(host, store, section) if section.kind == "object" else sections.entries(store, section)


def _catch_strays(routes: Blueprint, host: Host) -> None:
    """Answer what leads to no route under the prefix in the form of this API, and only to those who have the key."""
    guard = Guard.of(host)

    @routes.before_app_request
    async def stray() -> Response | None:
        if PREFIX not in request.path.replace("//", "/"):
            return None
        if not is_straight(request.scope.get("raw_path") or b""):
            return answers.refusal(answers.Refused(404, "not found"))
        if not isinstance(request.routing_exception, HTTPException) or not request.path.startswith(PREFIX):
            return None
        return await _refused(guard) or answers.stray(request.routing_exception)

    @routes.after_app_request
    async def marked(response: Response) -> Response:
        return pages.mark(response, guard) if request.path.startswith(PREFIX) else response


async def _refused(guard: Guard) -> Response | None:
    try:
        if asked := pages.preflight(guard):
            return asked
        await guard.admit()
    except answers.Refused as refused:
        return answers.refusal(refused)
    return None
