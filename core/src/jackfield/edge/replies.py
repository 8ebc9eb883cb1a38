"""Answers of the Quart routes: JSON, and errors in the envelope of the route's own dialect."""

from __future__ import annotations

from http import HTTPStatus

import orjson
from quart import Quart, Response, current_app, has_request_context, request, websocket
from werkzeug.exceptions import HTTPException

from ..dialects import openai_errors
from ..dialects.messages import errors as messages_errors
from ..model.errors import ClientError, Detail, Kind, RequestFailed
from .exchange import too_large, too_slow
from .paths import is_anthropic
from .request_guard import nowhere


def as_json(body: object, status: int = 200) -> Response:
    """Return a JSON answer."""
    return Response(orjson.dumps(body), status, content_type="application/json")


def install(app: Quart) -> None:
    """Give every error of the app's routes the envelope of its path, unless a blueprint has its own."""

    @app.errorhandler(RequestFailed)
    async def failed(error: RequestFailed) -> Response:
        return _reply(error)

    @app.errorhandler(HTTPException)
    async def refused(error: HTTPException) -> Response:
        return _reply(as_ours(error))

    @app.errorhandler(Exception)
    async def broken(error: Exception) -> Response:
        app.logger.error("%s failed", _asked(), exc_info=error)
        return _reply(RequestFailed(Kind.INTERNAL, "the proxy failed; its log tells why"))


def as_ours(error: HTTPException) -> RequestFailed:
    """Return what Quart refused as a failure of our own kinds."""
    status = error.code or 500
    if status == HTTPStatus.NOT_FOUND:
        path = request.path if has_request_context() else websocket.path
        return ClientError(Kind.NOT_FOUND, nowhere(f"there is no {_asked()} here", path))
    if status == HTTPStatus.METHOD_NOT_ALLOWED:
        allowed = ", ".join(sorted(getattr(error, "valid_methods", None) or ()))
        message = f"{request.path} does not take {request.method}; it takes {allowed}"
        return ClientError(Kind.METHOD_NOT_ALLOWED, message, Detail(headers={"allow": allowed}))
    if status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        return too_large(current_app.config["MAX_CONTENT_LENGTH"])
    if status == HTTPStatus.REQUEST_TIMEOUT:
        return too_slow(current_app.config["BODY_TIMEOUT"])
    fallback = Kind.INVALID_REQUEST if status < 500 else Kind.INTERNAL
    return RequestFailed(fallback, error.description or error.name)


def _asked() -> str:
    """Return what the client asked for, such as `GET /nowhere`."""
    return f"{request.method} {request.path}" if has_request_context() else f"websocket {websocket.path}"


def _reply(failure: RequestFailed) -> Response:
    anthropic = has_request_context() and is_anthropic(
        request.path, {name.lower() for name, _ in request.headers.items()}
    )
    answer = messages_errors.reply(failure, "") if anthropic else openai_errors.reply(failure, "")
    return Response(answer.body, answer.status, headers=dict(answer.headers))
