"""The small client routes: what this is, whether it lives, which models it has."""

from __future__ import annotations

from typing import Any

from quart import Blueprint, Response, request

from .. import __version__
from ..errors import ClientError, Kind
from ..host import Host
from ..plugins import Plugins
from ..types import Model
from .replies import as_json

ENDPOINTS = (
    "GET /v1/models",
    "POST /v1/responses",
    "POST /v1/chat/completions",
    "POST /v1/messages",
    "POST /v1/messages/count_tokens",
    "GET /healthz",
    "GET /readyz",
)

_CREATED = 1_735_689_600
"""The `created` of every model: 2025-01-01. Providers do not tell, and clients want a number."""


def blueprint(host: Host, plugins: Plugins) -> Blueprint:
    """Return the routes."""
    routes = Blueprint("client", __name__)

    @routes.get("/")
    async def root() -> Response:
        return as_json({"name": "jackfield", "version": __version__, "endpoints": ENDPOINTS})

    @routes.get("/healthz")
    async def healthz() -> Response:
        return as_json({"status": "ok"})

    @routes.get("/readyz")
    async def readyz() -> Response:
        return readiness(host, plugins)

    @routes.get("/v1/models")
    async def models() -> Response:
        _enter(host)
        return as_json({"object": "list", "data": [_shown(model) for model, _ in host.runtime.registry.models()]})

    @routes.get("/v1/models/<path:model_id>")
    async def model(model_id: str) -> Response:
        _enter(host)
        route = host.runtime.registry.resolve(model_id)
        if route is None:
            raise ClientError(Kind.MODEL_NOT_FOUND, f"the model {model_id!r} is not served by any provider here")
        return as_json(_shown(next(iter(route.providers.values()))))

    return routes


def readiness(host: Host, plugins: Plugins) -> Response:
    """Answer 200 when a request could be served and no plugin is broken; else 503 with what is wrong."""
    missing = [f"no installed plugin knows the configuration's {name}" for name in host.settings.missing]
    broken = [f"plugin {info.name} is broken: {info.error}" for info in plugins.broken]
    credentials = ["every credential rests after failures"] if _all_rest(host) else []
    credentials = credentials if host.runtime.registry.providers else ["no usable credential"]
    problems = missing + broken + credentials
    body: dict[str, Any] = {"status": "ready" if not problems else "not ready", "problems": problems}
    return as_json({**body, "providers": host.runtime.registry.providers}, 503 if problems else 200)


def _all_rest(host: Host) -> bool:
    """Return True when no credential can be used now; never when failures have no consequences."""
    runtime = host.runtime
    return not runtime.settings.disable_cooling and all(
        state.resting for state in runtime.selector.states(runtime.credentials)
    )


def _enter(host: Host) -> None:
    """Let the client in. Raises ClientError (401)."""
    host.runtime.keys.identify({name.lower(): value for name, value in request.headers.items()})


def _shown(model: Model) -> dict[str, Any]:
    return {"id": model.id, "object": "model", "created": _CREATED, "owned_by": model.owned_by}
