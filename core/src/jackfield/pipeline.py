"""The journey of one request, from its model's name to an upstream that has begun to answer.

The one loop is over attempts. It is closed before the first content: from then on the answer belongs to one upstream.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import Any

from .aliases import aliased
from .answer import Answer
from .attempts import Attempts
from .completion import Account, AttemptAccount
from .credentials import Wish
from .credentials.rotation import LONGEST_NAME
from .dialects.base import Parsed
from .dialects.request.reasoning import for_maker, without_reasoning
from .effort import clamp
from .errors import ClientError, Detail, Kind, RequestFailed, Unavailable, UpstreamError
from .executor import EventStream
from .logs import SHORTEST
from .plugins import Plugins
from .registry import Route
from .runtime import Runtime
from .secret import Secret
from .types import Credential, Endpoint, Model, RequestInfo, UpstreamCall

logger = logging.getLogger("jackfield.pipeline")

REFUSED_REASONING = "invalid_encrypted_content"
"""The code of an upstream that cannot read the reasoning it is given back."""

FOREIGN = "claude-*"
"""Names of another vendor's models, which clients of the Messages API send; the providers' defaults serve them."""


@dataclass(frozen=True, slots=True)
class Request:
    """A client's request on its way: understood, its client known."""

    id: str
    dialect: str
    client: str
    parsed: Parsed
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Plan:
    """Where a request may go: the route of its model, the effort an alias asks for, the credentials in order."""

    route: Route
    effort: str | None
    info: RequestInfo
    candidates: Sequence[Credential]
    wish: Wish


async def open_answer(request: Request, runtime: Runtime, plugins: Plugins, account: Account) -> Answer:
    """Return an upstream's answer whose first content has arrived.

    Raises ClientError for what no upstream could serve, Unavailable when none is left, and the last UpstreamError
    otherwise; `limits.answer-timeout` bounds all attempts together.
    """
    limit = runtime.settings.limits.answer_timeout
    try:
        async with asyncio.timeout(limit):
            return await _open_answer(request, runtime, plugins, account)
    except TimeoutError:
        message = f"no provider began to answer within {limit:g} s (limits.answer-timeout)"
        raise UpstreamError(Kind.TIMEOUT, message) from None


async def _open_answer(request: Request, runtime: Runtime, plugins: Plugins, account: Account) -> Answer:
    plan = await _plan(request, runtime, plugins)
    attempts = Attempts(runtime.selector, plan.candidates, plan.route, plan.wish, runtime.settings.request_retry)
    failure: UpstreamError | None = None
    while (trial := attempts.next()) is not None:
        credential = trial.credential
        books = account.attempt(credential.provider, plan.route.model, credential.id, trial.ended)
        try:
            answer = await _attempt(request, plan, credential, runtime, plugins, books)
        except UpstreamError as failed:
            error = failed.of(credential.provider)
            status = 0 if error.kind is Kind.UNREACHABLE else error.openai_status
            books.close(status, error.kind.value, error.detail.retry_after)
            failure = error
            lighter = _without_refused_reasoning(request, error)
            if lighter is not request:
                request = lighter
                attempts.repeat(credential)
            elif not await attempts.may_follow(credential, error):
                break
        else:
            trial.began()
            return answer
    raise failure or _outage(request, plan.route, runtime)


def _outage(request: Request, route: Route, runtime: Runtime) -> Unavailable:
    """Return what a client is told when nobody can serve: when to come again, where that is known."""
    outage = runtime.selector.outage(runtime.credentials, route)
    name = request.parsed.model
    if outage is None:
        return Unavailable(Kind.UNAVAILABLE, f"no credential serves the model {name!r} at the moment")
    kind = Kind.RATE_LIMITED if outage.limited else Kind.UNAVAILABLE
    why = "is limited by its provider" if outage.limited else "rests after failures"
    message = f"every credential for the model {name!r} {why}; the first is back in {outage.seconds:.0f} s"
    return Unavailable(kind, message, Detail(retry_after=outage.seconds))


def _without_refused_reasoning(request: Request, error: UpstreamError) -> Request:
    """Return the request without encrypted reasoning if that is what the upstream refused; else the request itself.

    A blob that its maker no longer takes would be sent again with every turn, and the conversation be stuck for good.
    """
    if error.detail.code != REFUSED_REASONING:
        return request
    body = without_reasoning(request.parsed.body)
    return request if body is request.parsed.body else replace(request, parsed=replace(request.parsed, body=body))


async def _plan(request: Request, runtime: Runtime, plugins: Plugins) -> Plan:
    name, effort = aliased(request.parsed.model, runtime.settings.model_aliases)
    route = _route(name, request.dialect, runtime, plugins)
    info = RequestInfo(
        request.id, request.dialect, route.model, request.parsed.stream, request.client, request.parsed.session
    )
    wish = _wish(info, runtime)
    candidates = runtime.selector.order(runtime.credentials, route, wish)
    if not candidates:
        raise _outage(request, route, runtime)
    choice = await plugins.choose_credential(candidates, info)
    if choice is not None:
        candidates = [choice, *(candidate for candidate in candidates if candidate is not choice)]
    return Plan(route, effort, info, candidates, wish)


def _wish(info: RequestInfo, runtime: Runtime) -> Wish:
    """Return how a credential is to be chosen; conversations of different clients never count as one."""
    routing = runtime.settings.routing
    conversation = _conversation(info) if routing.session_affinity and info.session else ""
    return Wish(routing.strategy, conversation, not runtime.settings.disable_cooling)


def _conversation(info: RequestInfo) -> str:
    """Return the name of a conversation among those of all clients. A long one is digested: clients make them up."""
    name = f"{info.client}\0{info.session}"
    return name if len(name) <= LONGEST_NAME else hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()


def _route(name: str, dialect: str, runtime: Runtime, plugins: Plugins) -> Route:
    route = runtime.registry.resolve(name)
    if route is None and dialect == "messages" and fnmatchcase(name, FOREIGN):
        route = runtime.registry.fallback()
    if route is not None:
        return route
    gaps = _gaps(runtime, plugins)
    if not runtime.credentials:
        lacking = gaps or "none is configured; see config.example.yaml, or 'jackfield plugins' for what is installed"
        raise Unavailable(Kind.UNAVAILABLE, f"no provider can serve: {lacking}")
    message = f"the model {name!r} is not served by any provider here; GET /v1/models lists those that are"
    raise ClientError(Kind.MODEL_NOT_FOUND, f"{message}; {gaps}" if gaps else message)


def _gaps(runtime: Runtime, plugins: Plugins) -> str:
    """Say what keeps providers away; "" when nothing does. The operator reads it through a client's error."""
    missing = runtime.settings.missing
    told = [f"no installed plugin knows the configuration's {', '.join(missing)}"] if missing else []
    return "; ".join([*(f"plugin {info.name} is broken" for info in plugins.broken), *told])


async def _attempt(
    request: Request,
    plan: Plan,
    credential: Credential,
    runtime: Runtime,
    plugins: Plugins,
    books: AttemptAccount,
) -> Answer:
    endpoint = await plugins.resolve_creds(credential, plan.info) or own_endpoint(credential)
    if endpoint is None:
        raise UpstreamError(
            Kind.UPSTREAM_AUTH, f"credential {credential.id} has no key and base-url of its own, and no plugin has them"
        )
    if not endpoint.proxy_url:
        endpoint = replace(endpoint, proxy_url=runtime.settings.proxy_url)
    model = plan.route.providers[credential.provider]
    defaults = plan.route.defaults[credential.provider]
    effort = model.effort or plan.effort
    maker = maker_of(credential)
    body = for_maker(request.parsed.body, request.parsed.makers, maker)
    body = _body(body, model, effort, defaults.effort if defaults else None)
    if request.dialect != "responses":  # that client speaks the upstream's own language: it is taken at its word
        body = _clamped(body, model)
    call = UpstreamCall(plan.info, body, request.headers)
    hide = _hiding(endpoint)
    try:
        answer = Answer(await _open(runtime, credential.provider, call, endpoint), books, maker, hide)
        await answer.begin(runtime.settings.limits.handshake_hold if request.parsed.stream else None)
    except UpstreamError as error:
        raise UpstreamError(error.kind, hide(error.message), _hidden(error.detail, hide)) from error
    return answer


def _hiding(endpoint: Endpoint) -> Callable[[str], str]:
    """Return what takes an endpoint's secrets out of an upstream's words: some repeat what was sent to them."""
    values = [
        endpoint.api_key.reveal(),
        *endpoint.headers.values(),
        *endpoint.default_headers.values(),
        *endpoint.query.values(),
    ]

    def hide(text: str) -> str:
        for value in values:
            text = text.replace(value, "***") if len(value) >= SHORTEST else text
        return text

    return hide


def _hidden(detail: Detail, hide: Callable[[str], str]) -> Detail:
    return replace(
        detail,
        code=detail.code and hide(detail.code),
        param=detail.param and hide(detail.param),
        headers={name: hide(value) for name, value in detail.headers.items()},
        native={name: hide(value) for name, value in detail.native.items()},
        told={name: hide(value) if isinstance(value, str) else value for name, value in detail.told.items()},
    )


async def _open(runtime: Runtime, provider: str, call: UpstreamCall, endpoint: Endpoint) -> EventStream:
    try:
        return await runtime.executors[provider].open(call, endpoint)
    except RequestFailed:
        raise
    except Exception as error:  # foreign code: a plugin's executor; another provider may still answer
        logger.exception("the executor of provider %s failed", provider)
        message = f"the executor of provider {provider!r} failed; the log tells why"
        raise UpstreamError(Kind.UPSTREAM_ERROR, message) from error


def maker_of(credential: Credential) -> str:
    """Return what names a credential to a client: stable, and telling nothing of it."""
    return hashlib.sha256(credential.id.encode()).hexdigest()[:12]


def own_endpoint(credential: Credential) -> Endpoint | None:
    """Return the pair of key and URL that a credential's attributes hold; None unless both are there."""
    key, url = credential.attributes.get("api_key"), credential.attributes.get("base_url")
    if not key or not url:
        return None
    secret = key if isinstance(key, Secret) else Secret(key)
    proxy = credential.attributes.get("proxy_url") or ""
    return Endpoint(str(url), secret, proxy_url=proxy.reveal() if isinstance(proxy, Secret) else proxy)


def _body(body: Mapping[str, Any], model: Model, effort: str | None, default: str | None) -> dict[str, Any]:
    """Return the request with the upstream's model name and effort: the name's, the request's or the default."""
    reasoning = body.get("reasoning")
    reasoning = reasoning if isinstance(reasoning, Mapping) else {}
    wanted = effort or reasoning.get("effort") or default
    named = {**body, "model": model.upstream or model.id}
    return {**named, "reasoning": {**reasoning, "effort": wanted}} if wanted else named


def _clamped(body: dict[str, Any], model: Model) -> dict[str, Any]:
    """Return the request with an effort that the model knows: clients of other dialects name other models' efforts."""
    reasoning = body.get("reasoning")
    if not isinstance(reasoning, dict) or not isinstance(effort := reasoning.get("effort"), str):
        return body
    return {**body, "reasoning": {**reasoning, "effort": clamp(effort, model.efforts)}}
