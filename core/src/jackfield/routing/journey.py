"""The journey of one request, from its model's name to an upstream that has begun to answer.

The one loop is over attempts. It is closed before the first content: from then on the answer belongs to one upstream.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import Any

from ..dialects import tokens
from ..dialects.base import Parsed
from ..dialects.length import SHORT
from ..dialects.translate.reasoning import for_maker, without_reasoning
from ..dialects.translate.sampling import LEAST
from ..log.setup import SHORTEST
from ..metering.account import Account, AttemptAccount
from ..model.background import LARGE, aside
from ..model.deadline import Deadline
from ..model.effort import clamp
from ..model.errors import ClientError, Detail, Kind, RequestFailed, Unavailable, UpstreamError
from ..model.secret import Secret
from ..model.types import Credential, Endpoint, Model, RequestInfo, UpstreamCall
from ..responses.verdicts.refused_media import as_refusal
from ..responses.verdicts.relay_words import put_in_force
from .aliases import aliased
from .answer import Answer
from .attempts import Attempts
from .conclusion import conclude
from .conversations import conversation, speaker
from .credentials import SelectionRequest, Trial
from .executor import EventStream
from .handshake import Handshake
from .registry import Route
from .request_hooks import RequestHooks
from .runtime import NOBODY, Runtime

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
    handshake: Handshake = field(default_factory=Handshake)


async def open_answer(request: Request, runtime: Runtime, hooks: RequestHooks, account: Account) -> Answer:
    """Return an upstream's answer whose first content has arrived.

    Raises ClientError for what no upstream could serve, Unavailable when none is left, and else the UpstreamError that
    counts most; `limits.answer-timeout` bounds all attempts together.
    """
    put_in_force(runtime.relay_words)
    limit, budget = runtime.settings.limits.answer_timeout, runtime.selector.budget
    budget.enter()
    try:
        with Deadline(limit):
            return await Journey(request, runtime, hooks, account).answer()
    except TimeoutError:
        message = f"no provider began to answer within {limit:g} s (limits.answer-timeout)"
        raise UpstreamError(Kind.TIMEOUT, message) from None
    finally:
        budget.leave()


class Journey:
    """One request on its way to whoever serves it: the route of its model, its wish, its attempts."""

    def __init__(self, request: Request, runtime: Runtime, hooks: RequestHooks, account: Account) -> None:
        self._request = request
        self._runtime = runtime
        self._hooks = hooks
        self._account = account
        name, self._effort = aliased(request.parsed.model, runtime.settings.model_aliases)
        self._route = _route(name, request.dialect, runtime, hooks)
        parsed = request.parsed
        self._info = RequestInfo(
            request.id, request.dialect, self._route.model, parsed.stream, request.client, parsed.session
        )
        settings, wish = runtime.settings, _wish(self._info, parsed.body, runtime)
        self._attempts = Attempts(
            runtime.selector,
            runtime.credentials,
            self._route,
            wish,
            retries=settings.request_retry,
            patience=settings.routing.wait,
        )

    async def answer(self) -> Answer:
        """Return the answer of the first that begins to give one. Raises RequestFailed when nobody does."""
        attempts, failures = self._attempts, list[UpstreamError]()
        candidates = await attempts.candidates()
        choice = await self._hooks.choose_credential(candidates, self._info) if candidates else None
        if choice is not None:
            attempts.prefer(choice)
        while (trial := await attempts.next()) is not None:
            credential = trial.credential
            books = self._account.attempt(credential.provider, self._route.model, credential.id, trial.ended)
            try:
                answer = await self._attempt(trial, books)
            except UpstreamError as failed:
                error = failed.of(credential.provider)
                attempts.failed(trial, error)
                books.close(0 if error.kind is Kind.UNREACHABLE else error.openai_status, error)
                failures.append(error)
                _forget_frames(failed)
                if self._lightened(error, credential):
                    attempts.repeat(credential)
                elif self._request.handshake.spent or not await attempts.may_follow(credential, error):
                    break
            else:
                trial.began()
                return answer
        outage = self._runtime.selector.outage(self._runtime.credentials, self._route)
        raise conclude(failures, outage, self._request.parsed.model)

    def _lightened(self, error: UpstreamError, credential: Credential) -> bool:
        """Leave out the encrypted reasoning if that is what the upstream refused; return whether there was any.

        It is remembered, so that the next turn of the conversation need not be refused first.
        """
        lighter = _without_refused_reasoning(self._request, error)
        changed = lighter is not self._request
        if changed:
            self._runtime.selector.reasoning.note(maker_of(credential), self._request.parsed.body)
        self._request = lighter
        return changed

    async def _attempt(self, trial: Trial, books: AttemptAccount) -> Answer:
        request, credential = self._request, trial.credential
        request.handshake.attempt(request.parsed, last=self._attempts.last)
        endpoint = await self._endpoint(credential)
        if 0 < request.parsed.limit < SHORT and not tokens.is_loaded():
            await aside(LARGE, tokens.load)
        maker = maker_of(credential)
        hide = _hiding(endpoint)
        call = UpstreamCall(self._info, await self._sent(credential, maker), request.headers, request.parsed.size)
        opening = _open(self._runtime, credential.provider, call, endpoint)
        del call  # while its answer is waited for, the request alone is kept, for another attempt
        try:
            stream = await opening
            trial.answered()
            request.handshake.answered(stream)
            answer = Answer(stream, books, maker, hide, _limit(request.parsed, stream))
            await answer.begin(request.handshake.left)
        except UpstreamError as error:
            told = UpstreamError(error.kind, hide(error.message), _hidden(error.detail, hide))
            raise (as_refusal(told, request.parsed.body) if request.dialect == "messages" else told) from error
        return answer

    async def _endpoint(self, credential: Credential) -> Endpoint:
        endpoint = await self._hooks.resolve_creds(credential, self._info) or own_endpoint(credential)
        if endpoint is None:
            message = f"credential {credential.id} has no key and base-url of its own, and no plugin has them"
            raise UpstreamError(Kind.UPSTREAM_AUTH, message)
        proxy = self._runtime.settings.proxy_url
        return endpoint if endpoint.proxy_url or not proxy else replace(endpoint, proxy_url=proxy)

    async def _sent(self, credential: Credential, maker: str) -> dict[str, Any]:
        """Return what a credential's upstream is sent."""
        size = self._request.parsed.size
        if size < LARGE:
            return self._body(credential, maker)
        return await aside(size, lambda: self._body(credential, maker))

    def _body(self, credential: Credential, maker: str) -> dict[str, Any]:
        request, provider = self._request, credential.provider
        model, defaults = self._route.providers[provider], self._route.defaults[provider]
        body = for_maker(request.parsed.body, request.parsed.makers, maker)
        body = self._runtime.selector.reasoning.without(maker, body)
        body = _body(body, model, model.effort or self._effort, defaults.effort if defaults else None)
        if request.dialect != "responses":  # that client speaks the upstream's own language: it is taken at its word
            body = _clamped(body, model)
        return body


def _limit(parsed: Parsed, stream: EventStream) -> int:
    """Return the length that is to be kept to here: what the client asked for, unless the upstream was told of it."""
    told = getattr(stream, "limits_output", False) and parsed.limit >= LEAST
    return 0 if told else parsed.limit


def _without_refused_reasoning(request: Request, error: UpstreamError) -> Request:
    """Return the request without encrypted reasoning if that is what the upstream refused; else the request itself.

    A blob that its maker no longer takes would be sent again with every turn, and the conversation be stuck for good.
    """
    if error.detail.code != REFUSED_REASONING:
        return request
    body = without_reasoning(request.parsed.body)
    return request if body is request.parsed.body else replace(request, parsed=replace(request.parsed, body=body))


def _forget_frames(error: BaseException | None) -> None:
    """Drop the tracebacks of a failure that was understood: they keep frames, and with them the request, for long."""
    while error is not None:
        error.__traceback__ = None
        error = error.__cause__ or error.__context__


def _wish(info: RequestInfo, body: Mapping[str, Any], runtime: Runtime) -> SelectionRequest:
    """Return how a credential is to be chosen; conversations of different clients never count as one."""
    routing = runtime.settings.routing
    kept = conversation(info) if routing.session_affinity and info.session else ""
    return SelectionRequest(routing.strategy, kept, not runtime.settings.disable_cooling, speaker(info, body))


def _route(name: str, dialect: str, runtime: Runtime, hooks: RequestHooks) -> Route:
    route = runtime.registry.resolve(name)
    if route is None and dialect == "messages" and fnmatchcase(name, FOREIGN):
        route = runtime.registry.fallback()
    if route is not None:
        return route
    gaps = _gaps(runtime, hooks)
    if not runtime.credentials:
        lacking = gaps or f"{NOBODY}; see config.example.yaml, or 'jackfield plugins' for what is installed"
        raise Unavailable(Kind.UNAVAILABLE, f"no provider can serve: {lacking}")
    message = f"the model {name!r} is not served by any provider here; GET /v1/models lists those that are"
    raise ClientError(Kind.MODEL_NOT_FOUND, f"{message}; {gaps}" if gaps else message)


def _gaps(runtime: Runtime, hooks: RequestHooks) -> str:
    """Say what keeps providers away; "" when nothing does. The operator reads it through a client's error."""
    missing = runtime.settings.missing
    told = [f"no installed plugin knows the configuration's {', '.join(missing)}"] if missing else []
    return "; ".join([*(f"plugin {info.name} is broken" for info in hooks.broken), *told])


def _hiding(endpoint: Endpoint) -> Callable[[str], str]:
    """Return what takes an endpoint's secrets out of an upstream's words: some repeat what was sent to them."""

    def hide(text: str) -> str:
        further = (*endpoint.headers.values(), *endpoint.default_headers.values(), *endpoint.query.values())
        for value in (endpoint.api_key.reveal(), *further):
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
        opening = runtime.executors[provider].open(call, endpoint)
        del call
        return await opening
    except RequestFailed:
        raise
    except Exception as error:  # foreign code: a plugin's executor; another provider may still answer
        logger.exception("the executor of provider %s failed", provider)
        message = f"the executor of provider {provider!r} failed; the log tells why"
        raise UpstreamError(Kind.UPSTREAM_ERROR, message) from error


def maker_of(credential: Credential) -> str:
    """Return what names a credential to a client: stable, and telling nothing of it."""
    return _maker(credential.id)


@lru_cache(maxsize=1024)
def _maker(credential: str) -> str:
    return hashlib.sha256(credential.encode()).hexdigest()[:12]


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
    reasoning = reasoning if isinstance(reasoning, dict) else {}
    wanted = effort or reasoning.get("effort") or default
    named = {**body, "model": model.upstream or model.id}
    return {**named, "reasoning": {**reasoning, "effort": wanted}} if wanted else named


def _clamped(body: dict[str, Any], model: Model) -> dict[str, Any]:
    """Return the request with an effort that the model knows: clients of other dialects name other models' efforts."""
    reasoning = body.get("reasoning")
    if not isinstance(reasoning, dict) or not isinstance(effort := reasoning.get("effort"), str):
        return body
    return {**body, "reasoning": {**reasoning, "effort": clamp(effort, model.efforts)}}
