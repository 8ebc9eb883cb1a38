"""The client routes that carry answers, as an ASGI application in front of Quart.

Quart's request context costs more than the rest of a short request together, so these routes do without it.
Everything else goes through to Quart.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Mapping
from functools import partial

from ..dialects import openai_errors
from ..dialects.base import Dialect, ErrorReply, Parsed
from ..host.house import House
from ..metering.account import Account, Emit
from ..model.errors import ClientError, Detail, Kind, RequestFailed, Unavailable, UpstreamError
from ..plugins.manager import Plugins
from ..responses.verdicts import failures
from ..routing import journey
from ..routing.answer import STOPPING, Answer
from ..routing.handshake import Handshake
from ..routing.runtime import Runtime
from ..server.asgi_types import ASGIApp, Receive, Scope, Send
from . import paths, request_guard
from .auth import Gate
from .bodies import understood
from .exchange import ClientGone, Exchange
from .places import Places
from .streaming import ClientStream

logger = logging.getLogger("jackfield.request")

LONGEST_ANSWER = 256 * 1024 * 1024
"""Bytes of events that are put together into one document; a stream may be longer, since it is not kept."""
KEPT = 256
"""Bytes that an event costs beside its own, about: many that say nothing are much as well."""

STAYS = frozenset(
    {
        "authorization",
        "x-api-key",
        "x-goog-api-key",
        "proxy-authorization",
        "cookie",
        "host",
        "connection",
        "keep-alive",
    }
    | {"te", "trailer", "transfer-encoding", "upgrade", "http2-settings", "expect"}
    | {"content-length", "content-type", "content-encoding"}
)
"""Headers of a client that no executor ever sees: credentials, cookies, and what belongs to this connection alone."""


class Ingress:
    """Serves `POST` on the dialects' routes; hands every other scope to `inner`."""

    def __init__(
        self,
        inner: ASGIApp,
        dialects: Mapping[str, Dialect],
        host: House,
        plugins: Plugins,
        emit: Emit,
        gate: Gate,
    ) -> None:
        self._inner = inner
        self._dialects = {name: dialect for path, dialect in dialects.items() for name in paths.spellings(path)}
        self._host = host
        self._plugins = plugins
        self._emit = emit
        self._gate = gate
        self._places = Places()

    @property
    def open_requests(self) -> int:
        """Requests whose answer is not over."""
        return self._places.taken

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one ASGI scope."""
        if scope["type"] == "lifespan":
            await self._inner(scope, receive, send)
            return
        refused = request_guard.refusal(scope)
        dialect = self._dialects.get(scope["path"])
        if refused is not None:
            await self._refuse(refused, scope, receive, send)
        elif dialect is None:
            await self._inner(paths.settled(scope), receive, send)
        elif scope["type"] == "websocket" or (scope["method"] == "GET" and _offers_websocket(scope)):
            await _refuse_upgrade(dialect, scope, receive, send)
        else:
            await self._serve(dialect, scope, receive, send)

    async def _serve(self, dialect: Dialect, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request to its end, whatever that is; its record is written once."""
        exchange = Exchange(scope, receive, send)
        # One of a kind is all that it must be: no secret, so no call of the system for it.
        request_id = f"req_{random.getrandbits(128):032x}"
        account = Account(self._host.clock, self._emit, request_id=request_id, dialect=dialect.name)
        try:
            await self._answer(dialect, exchange, account)
        except RequestFailed as failure:
            reply = dialect.error(failure, account.request_id)
            account.close(reply.status, failure)
            await exchange.fail(reply)
        except ClientGone:
            account.close(Kind.CLIENT_GONE.words.status, Kind.CLIENT_GONE.value)
        except asyncio.CancelledError:  # the server stops, and its time of grace is over
            if not exchange.gone:
                await _stop(dialect, exchange, account)
            raise
        except Exception:  # our own fault: the client gets an error of its dialect, the log the traceback
            logger.exception("request %s failed", account.request_id)
            account.close(500, Kind.INTERNAL.value)
            fault = RequestFailed(Kind.INTERNAL, f"the proxy failed; its log tells why ({account.request_id})")
            await exchange.fail(dialect.error(fault, account.request_id))
        finally:
            account.close(Kind.CLIENT_GONE.words.status, Kind.CLIENT_GONE.value)
            exchange.end()

    async def _answer(self, dialect: Dialect, exchange: Exchange, account: Account) -> None:
        """Let the client in, give it a place, and answer what it asks; what fails is told when the place is free."""
        runtime = self._host.in_force
        exchange.require_post()
        headers = exchange.headers()
        account.client = self._gate.enter(runtime.settings, exchange.scope, headers)
        self._places.take(runtime.settings.limits.max_streams)
        try:
            request = await _read(dialect, exchange, account, headers, runtime)
            handshake, parsed = request.handshake, request.parsed.without_body()
            looking = journey.open_answer(request, runtime, self._plugins, account)
            # Kept by those who may have to send it again, and as long as they may: see `Handshake`.
            del request, headers
            with exchange.watching():
                if parsed.stream:
                    stream = ClientStream(dialect, parsed, exchange, account.request_id, partial(_shown, dialect))
                    failure = await stream.carry(looking, handshake, runtime.settings.limits.handshake_hold)
                else:
                    failure = await _collect(dialect, parsed, looking, exchange, account.request_id)
        finally:
            self._places.give_back()
        account.close(200, failure or "")

    async def _refuse(self, failure: ClientError, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer what got no further than the door."""
        anthropic = paths.is_anthropic(scope["path"], [str(name, "latin-1") for name, _ in scope["headers"]])
        reply = self._dialects["/v1/messages"].error(failure, "") if anthropic else openai_errors.reply(failure, "")
        if scope["type"] == "websocket":
            await _answer_upgrade(reply, receive, send)
        else:
            await Exchange(scope, receive, send).fail(reply)


async def _read(
    dialect: Dialect, exchange: Exchange, account: Account, headers: Mapping[str, str], runtime: Runtime
) -> journey.Request:
    """Read a client's request and understand it."""
    limits = runtime.settings.limits
    body = await exchange.body(limits.max_body_bytes, limits.body_timeout)
    parsed = await understood(dialect, body, headers, limits.max_body_bytes)
    account.asked(parsed.model, streaming=parsed.stream)
    travelling = {name: value for name, value in headers.items() if name not in STAYS}
    return journey.Request(account.request_id, dialect.name, account.client, parsed, travelling)


async def _stop(dialect: Dialect, exchange: Exchange, account: Account) -> None:
    """Tell a client whose answer has not begun to ask again; one that has begun was told so in its stream."""
    failure = Unavailable(Kind.UNAVAILABLE, STOPPING, Detail(retry_after=1))
    reply = dialect.error(failure, account.request_id)
    account.close(200 if exchange.started else reply.status, failure.kind.value)
    await exchange.fail(reply, listen=False)


def _shown(dialect: Dialect, answer: Answer | Handshake) -> dict[str, str]:
    """Return the upstream's headers that a client may see."""
    usual = failures.passable(answer.headers)
    return {**failures.one_line(answer.native_headers), **usual} if dialect.native else usual


async def _collect(
    dialect: Dialect, parsed: Parsed, looking: Awaitable[Answer], exchange: Exchange, request_id: str
) -> RequestFailed | None:
    """Send the answer as one JSON document; return the failure that it tells of."""
    answer = await looking
    try:
        body = await _collected(dialect, parsed, answer)
    finally:
        await answer.aclose()
    headers = {**_shown(dialect, answer), "content-type": "application/json"}
    headers.setdefault("x-request-id", request_id)
    await exchange.send(200, headers, body)
    return answer.failure


async def _collected(dialect: Dialect, parsed: Parsed, answer: Answer) -> bytes:
    collector = dialect.collector(parsed, answer.maker, answer.limit)
    size = 0
    async for events in answer:
        for event in events:
            size += len(event.raw) + KEPT
        if size > LONGEST_ANSWER:
            raise UpstreamError(Kind.STREAM_CUT, f"the upstream's answer has more than {LONGEST_ANSWER} bytes")
        collector.feed(events)
        if collector.done:
            break
    return collector.result()


def _offers_websocket(scope: Scope) -> bool:
    """Return True for a client that would rather speak over a websocket."""
    offers = [value.lower() for name, value in scope["headers"] if name == b"upgrade"]
    return any(offer.strip() == b"websocket" for each in offers for offer in each.split(b","))


async def _refuse_upgrade(dialect: Dialect, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer a websocket upgrade with 426, on which clients fall back to HTTP at once."""
    message = "this proxy speaks HTTP and server-sent events; repeat the request as a POST"
    told = Detail(headers={"upgrade": "HTTP/1.1", "connection": "upgrade"})
    reply = dialect.error(ClientError(Kind.UPGRADE_REQUIRED, message, told), "")
    if scope["type"] == "websocket":
        await _answer_upgrade(reply, receive, send)
    else:
        await Exchange(scope, receive, send).fail(reply)


async def _answer_upgrade(reply: ErrorReply, receive: Receive, send: Send) -> None:
    await receive()
    told = {**reply.headers, "content-length": str(len(reply.body))}
    headers = [(name.encode(), value.encode()) for name, value in told.items()]
    await send({"type": "websocket.http.response.start", "status": reply.status, "headers": headers})
    await send({"type": "websocket.http.response.body", "body": reply.body, "more_body": False})
