"""The Messages route that asks no upstream: counting tokens."""

from __future__ import annotations

import asyncio
from typing import cast

from quart import Blueprint, Response, request
from werkzeug.exceptions import HTTPException

from ..dialects.messages import MessagesDialect
from ..host.house import House
from ..model.background import collector_paused
from ..model.errors import RequestFailed
from .auth import Gate
from .replies import as_ours


def blueprint(host: House, gate: Gate) -> Blueprint:
    """Return the route, whose errors have Anthropic's envelope."""
    routes = Blueprint("messages", __name__)
    dialect = MessagesDialect()

    @routes.post("/v1/messages/count_tokens")
    async def count_tokens() -> Response:
        gate.enter(host.settings, request.scope)
        body = cast("bytes", await request.get_data())
        return Response(await asyncio.to_thread(_counted, dialect, body), content_type="application/json")

    def reply(failure: RequestFailed) -> Response:
        answer = dialect.error(failure, "")
        return Response(answer.body, answer.status, headers=dict(answer.headers))

    @routes.errorhandler(RequestFailed)
    async def failed(error: RequestFailed) -> Response:
        return reply(error)

    @routes.errorhandler(HTTPException)
    async def refused(error: HTTPException) -> Response:
        return reply(as_ours(error))

    return routes


def _counted(dialect: MessagesDialect, body: bytes) -> bytes:
    """Return the answer; in a thread, whatever the size: counting takes longer than parsing."""
    with collector_paused():
        return dialect.count(body)
