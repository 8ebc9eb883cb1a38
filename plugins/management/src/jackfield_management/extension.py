"""Routes of other plugins under the management API: plain functions, which need know nothing of the web framework."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from jackfield.api import Host
from quart import Blueprint, Response, request

from . import answers
from .guard import PREFIX
from .routes import protect

__all__ = ["PREFIX", "Reader", "protect", "readings"]

Reader = Callable[[Mapping[str, str]], Awaitable[tuple[int, Any]]]
"""Takes the query's parameters (of a repeated one the first) and returns a status and the JSON body."""


def readings(name: str, host: Host, readers: Mapping[str, Reader], described: Mapping[str, Any]) -> Blueprint:
    """Return a blueprint, called `name`, that answers GET by a reader for each path below the prefix.

    Only those who have the management key get in. `described` are the OpenAPI path items, by path below the prefix.
    """
    routes = Blueprint(name, __name__, url_prefix=PREFIX)
    answers.install(routes)
    protect(routes, host, {f"{PREFIX}{path}": item for path, item in described.items()})
    for path, reader in readers.items():
        routes.add_url_rule(path, path.strip("/"), _answering(reader), methods=["GET"], provide_automatic_options=False)
    return routes


def _answering(reader: Reader) -> Callable[[], Awaitable[Response]]:
    async def answer() -> Response:
        status, body = await reader(request.args.to_dict())
        return answers.as_json(body, status)

    return answer
