"""What the management API answers: JSON, and errors as `{"error": ...}`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from jackfield.api import Problem, RequestFailed
from quart import Blueprint, Response, current_app, request
from werkzeug.exceptions import HTTPException

Headers = Mapping[str, str]


class Refused(Exception):  # noqa: N818  # it says what happened to the request
    """The request ends here, with this status and body."""

    def __init__(self, status: int, error: str, message: str = "", *, headers: Headers | None = None) -> None:
        super().__init__(error)
        self.status = status
        self.body: dict[str, Any] = {"error": error, **({"message": message} if message else {})}
        self.headers = dict(headers or {})


class Faulty(Refused):
    """What was sent does not hold; the answer lists every problem."""

    def __init__(self, key: str, problems: Sequence[Problem], *, status: int = 422, heading: str = "") -> None:
        heading = heading or f"invalid {key} configuration"
        told = "; ".join(_sentence(key, problem) for problem in problems)
        super().__init__(status, f"invalid_{key}", f"{heading}: {told}")
        self.body["problems"] = [
            {"path": problem.path, "message": problem.message, "fix": problem.fix} for problem in problems
        ]


def _sentence(key: str, problem: Problem) -> str:
    """Return a problem with its mend and its place, unless the message names them already."""
    place = problem.path.removeprefix(f"{key}.")
    told = problem.message if not place or place in problem.message else f"{place}: {problem.message}"
    return told if problem.plain or not problem.fix else f"{told} ({problem.fix})"


def as_json(body: object, status: int = 200, headers: Headers | None = None) -> Response:
    """Return a JSON answer that nobody keeps."""
    return plain(orjson.dumps(body), "application/json", status, headers)


def plain(body: bytes | str, content_type: str, status: int = 200, headers: Headers | None = None) -> Response:
    """Return an answer that nobody keeps."""
    response = Response(body, status, content_type=content_type)
    response.headers.update({"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", **(headers or {})})
    return response


def refusal(refused: Refused) -> Response:
    """Return the answer to a request that was refused."""
    return as_json(refused.body, refused.status, refused.headers)


def stray(error: HTTPException) -> Response:
    """Return the answer to a request that leads nowhere, or that Quart refused."""
    status = error.code or 500
    if status == 405:
        allowed = ", ".join(sorted(set(getattr(error, "valid_methods", None) or ()) - {"HEAD"}))
        refused = Refused(405, f"{request.path} does not take {request.method}", f"it takes {allowed}")
        refused.headers["Allow"] = allowed
        return refusal(refused)
    if status in (301, 308, 404):
        return refusal(Refused(404, "not found", "/v0/management/openapi.json lists the routes"))
    return refusal(Refused(status, error.description or error.name))


def install(routes: Blueprint) -> None:
    """Give every error of the blueprint's routes the form of this API."""

    @routes.errorhandler(Refused)
    async def refused(error: Refused) -> Response:
        return refusal(error)

    @routes.errorhandler(HTTPException)
    async def http(error: HTTPException) -> Response:
        return stray(error)

    @routes.errorhandler(RequestFailed)
    async def failed(error: RequestFailed) -> Response:
        return refusal(Refused(error.openai_status, error.message))

    @routes.errorhandler(Exception)
    async def broken(error: Exception) -> Response:
        current_app.logger.error("%s %s failed", request.method, request.path, exc_info=error)
        return refusal(Refused(500, "the proxy failed; its log tells why"))
