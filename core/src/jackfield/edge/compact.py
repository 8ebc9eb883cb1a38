"""`POST /v1/responses/compact`: passed to an executor that offers it; a 404 as long as none does."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import cast

from quart import Blueprint, Response, abort, request

from ..dialects.responses import errors
from ..dialects.translate.fields import need_text
from ..dialects.translate.reading import read_object
from ..host.house import House
from ..model.background import aside
from ..model.errors import ClientError, Kind, RequestFailed, UpstreamError
from ..model.types import Credential, RequestInfo, UpstreamCall
from ..plugins.manager import Plugins
from ..routing.aliases import resolve
from ..routing.executor import Compacting
from ..routing.journey import own_endpoint
from ..routing.registry import Route
from ..routing.runtime import Runtime
from . import auth
from .ingress import STAYS

_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]


def blueprint(host: House, plugins: Plugins, gate: auth.Gate) -> Blueprint:
    """Return the route, whose errors have OpenAI's envelope."""
    routes = Blueprint("compact", __name__)

    @routes.route("/v1/responses/compact", methods=_METHODS)
    async def compact() -> Response:
        runtime = host.in_force
        if request.method != "POST" or not any(isinstance(each, Compacting) for each in runtime.executors.values()):
            abort(404)
        client = gate.enter(runtime.settings, request.scope)
        data = cast("bytes", await request.get_data())
        body = await aside(len(data), lambda: read_object(data))
        name = need_text(body, "model")
        route = resolve(name, runtime.registry, runtime.settings.model_aliases)
        if route is None:
            raise ClientError(Kind.MODEL_NOT_FOUND, f"the model {name!r} is not served by any provider here")
        info = RequestInfo(f"req_{uuid.uuid4().hex}", "responses", route.model, stream=False, client=client)
        headers = {key: value for key, value in auth.fields(request.scope["headers"]).items() if key not in STAYS}
        return await _passed(UpstreamCall(info, body, headers), route, runtime, plugins)

    @routes.errorhandler(RequestFailed)
    async def failed(error: RequestFailed) -> Response:
        reply = errors.reply(error, "")
        return Response(reply.body, reply.status, headers=dict(reply.headers))

    return routes


async def _passed(call: UpstreamCall, route: Route, runtime: Runtime, plugins: Plugins) -> Response:
    """Return the answer of the first credential that gives one. Raises the last failure where none does."""
    failure: RequestFailed = ClientError(Kind.NOT_FOUND, f"no provider of {route.model!r} can compact a conversation")
    for credential, executor in _offering(route, runtime):
        endpoint = await plugins.resolve_creds(credential, call.request) or own_endpoint(credential)
        if endpoint is None:
            continue
        model = route.providers[credential.provider]
        named = {**call.body, "model": model.upstream or model.id}
        try:
            document = await executor.compact(UpstreamCall(call.request, named, call.headers), endpoint)
        except UpstreamError as error:
            failure = error.of(credential.provider)
            if not error.kind.failover:
                break
        else:
            return Response(document, content_type="application/json")
    raise failure


def _offering(route: Route, runtime: Runtime) -> Iterator[tuple[Credential, Compacting]]:
    """Yield the credentials that serve a model and can compact: who lists it first, of those who is preferred."""
    for credential in sorted(runtime.credentials, key=lambda each: (each.provider in route.guesses, -each.priority)):
        executor = runtime.executors.get(credential.provider)
        if credential.provider in route.providers and isinstance(executor, Compacting):
            yield credential, executor
