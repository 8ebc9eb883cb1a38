"""Which models there are: in OpenAI's form, and in Anthropic's for clients that send `anthropic-version`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from typing import Any

from quart import Blueprint, Response, request

from ..dialects import openai_errors
from ..dialects.messages import errors as messages_errors
from ..host.house import House
from ..model.errors import ClientError, Kind, RequestFailed, invalid_request
from ..model.types import Model
from ..routing import aliases
from ..routing.journey import FOREIGN
from .auth import Gate
from .replies import as_json

_CREATED = datetime(2025, 1, 1, tzinfo=UTC)
"""The birthday of every model: providers do not tell, and clients want a date."""

PAGE = 20
LONGEST_PAGE = 1000


def blueprint(host: House, gate: Gate) -> Blueprint:
    """Return the routes; errors have the envelope of the form that was asked for."""
    routes = Blueprint("models", __name__)

    @routes.get("/v1/models")
    async def models() -> Response:
        gate.enter(host.settings, request.scope)
        known = aliases.listed(host.in_force.registry, host.in_force.settings.model_aliases)
        if _wants_anthropic():
            return as_json({**page(known, request.args), **_catalogue()})
        return as_json({"object": "list", "data": [_openai(model) for model in known], **_catalogue()})

    @routes.get("/v1/models/<path:model_id>")
    async def model(model_id: str) -> Response:
        gate.enter(host.settings, request.scope)
        if _wants_anthropic():
            return as_json(_anthropic(_find(host, model_id, foreign=True)))
        return as_json(_openai(_find(host, model_id)))

    @routes.errorhandler(RequestFailed)
    async def failed(error: RequestFailed) -> Response:
        answer = messages_errors.reply(error, "") if _wants_anthropic() else openai_errors.reply(error, "")
        return Response(answer.body, answer.status, headers=dict(answer.headers))

    return routes


def _wants_anthropic() -> bool:
    return "anthropic-version" in request.headers


def _catalogue() -> dict[str, list[Any]]:
    """Return the empty catalogue for clients that ask with their version: they decode `models`, and keep their own."""
    return {"models": []} if "client_version" in request.args else {}


def _find(host: House, name: str, *, foreign: bool = False) -> Model:
    """Return the model of a name. `foreign`: also names of Anthropic's own models, which the defaults serve.

    Raises ClientError (404).
    """
    registry = host.in_force.registry
    known = host.in_force.settings.model_aliases
    route = aliases.resolve(name, registry, known)
    if route is not None:
        model = next(iter(route.providers.values()))
        return model if aliases.aliased(name, known)[0] == name else replace(model, id=name)
    if foreign and fnmatchcase(aliases.unmarked(name), FOREIGN) and registry.fallback() is not None:
        return Model(name)
    raise ClientError(Kind.MODEL_NOT_FOUND, f"the model {name!r} is not served by any provider here")


def _openai(model: Model) -> dict[str, Any]:
    created = int(_CREATED.timestamp())
    return {"id": model.id, "object": "model", "created": created, "owned_by": model.owned_by}


def _anthropic(model: Model) -> dict[str, Any]:
    created = _CREATED.isoformat().replace("+00:00", "Z")
    return {
        "type": "model",
        "id": model.id,
        "display_name": model.id,
        "created_at": created,
        "lifecycle": "active",
    }


def page(models: Sequence[Model], wanted: Mapping[str, str]) -> dict[str, Any]:
    """Return one page of models: `limit` of them, behind `after_id` or before `before_id`, from the first by default.

    Raises ClientError (400) naming the parameter that is wrong.
    """
    limit = _limit(wanted.get("limit"))
    before, after = wanted.get("before_id"), wanted.get("after_id")
    if before and after:
        raise invalid_request("before_id and after_id exclude each other", "before_id")
    if before:
        rest = models[: _place(models, before, "before_id")]
        shown, more = rest[-limit:], len(rest) > limit
    else:
        rest = models[_place(models, after, "after_id") + 1 :] if after else models
        shown, more = rest[:limit], len(rest) > limit
    ends = (shown[0].id, shown[-1].id) if shown else (None, None)
    return {"data": [_anthropic(model) for model in shown], "has_more": more, "first_id": ends[0], "last_id": ends[1]}


def _limit(given: str | None) -> int:
    if given is None:
        return PAGE
    if not (given.isascii() and given.isdigit() and 1 <= int(given[:5]) <= LONGEST_PAGE):
        raise invalid_request(f"limit: must be a whole number from 1 to {LONGEST_PAGE}", "limit")
    return int(given)


def _place(models: Sequence[Model], name: str, parameter: str) -> int:
    for place, model in enumerate(models):
        if model.id == name:
            return place
    raise invalid_request(f"{parameter}: there is no model {name!r} here", parameter)
