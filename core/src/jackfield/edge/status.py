"""The small client routes: what this is, whether it lives; those of the models are registered with them."""

from __future__ import annotations

from typing import Any

from quart import Blueprint, Response

from ..host.house import House
from ..model.version import VERSION
from ..plugins.manager import Plugins
from . import models
from .auth import Gate
from .paths import ENDPOINTS
from .replies import as_json


def blueprint(host: House, plugins: Plugins, gate: Gate) -> Blueprint:
    """Return the routes."""
    routes = Blueprint("client", __name__)

    @routes.get("/")
    async def root() -> Response:
        return as_json({"name": "jackfield", "version": VERSION, "endpoints": ENDPOINTS})

    @routes.get("/healthz")
    async def healthz() -> Response:
        return as_json({"status": "ok"})

    @routes.get("/readyz")
    async def readyz() -> Response:
        return readiness(host, plugins)

    routes.register_blueprint(models.blueprint(host, gate))
    return routes


def readiness(host: House, plugins: Plugins) -> Response:
    """Answer 200 when a request could be served and no plugin is broken; else 503 with what is wrong."""
    missing = [f"no installed plugin knows the configuration's {name}" for name in host.settings.missing]
    broken = [f"plugin {info.name} is broken: {info.error}" for info in plugins.broken]
    credentials = ["every credential rests after failures"] if _all_rest(host) else []
    credentials = credentials if host.in_force.registry.providers else ["no usable credential"]
    problems = missing + broken + credentials
    body: dict[str, Any] = {"status": "ready" if not problems else "not ready", "problems": problems}
    return as_json({**body, "providers": host.in_force.registry.providers}, 503 if problems else 200)


def _all_rest(host: House) -> bool:
    """Return True when no credential would be asked now; never when failures have no consequences."""
    runtime = host.in_force
    return not runtime.settings.disable_cooling and all(map(runtime.selector.refuses, runtime.credentials))
