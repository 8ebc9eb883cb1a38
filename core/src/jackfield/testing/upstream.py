"""A Responses upstream for tests: a real HTTP server on a loopback port that does what scripts say."""

from __future__ import annotations

import asyncio
import socket
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Self

from .recorded import RecordedRequest
from .scripts import json_reply, text_answer
from .signals import DEFAULT_TIMEOUT, Changed
from .steps import Script
from .threads import LoopThread
from .upstream_rules import upstream_problems
from .wire import Connection

Reply = Script | Callable[[RecordedRequest], Script]
"""What answers a request: a script, or a function that makes one for it."""


def greeting(request: RecordedRequest) -> Script:
    """Return the default answer: "Hello from the upstream." in the name of the model that was asked for."""
    return text_answer("Hello from the upstream.", model=str(request.json().get("model", "gpt-5")))


def listing() -> Script:
    """Return the answer to `GET /models`: a list of one model."""
    return json_reply({"object": "list", "data": [{"id": "gpt-5", "object": "model", "owned_by": "openai"}]}, 200)


class FakeUpstream:
    """Answers `POST <any prefix>/responses` with scripts and records every request.

    Use it as `async with FakeUpstream() as upstream:` in the test's own loop, or as
    `with FakeUpstream.in_thread() as upstream:` next to blocking clients. Each request takes the next script of the
    queue; when that is empty, `default` answers. `GET <any prefix>/models` is answered by `models`. Any other path is
    answered 404, any other method 405; these are recorded too. A `strict` one refuses what Codex-style upstreams
    refuse: 400 with every rule that was broken.
    """

    def __init__(self, default: Reply = greeting, *, prefix: str = "/v1", strict: bool = False) -> None:
        self.default = default
        self.models: Reply = listing()
        self.requests: list[RecordedRequest] = []
        self._prefix = prefix
        self._strict = strict
        self._queue: deque[Reply] = deque()
        self._connections: set[Connection] = set()
        self._accepted = 0
        self._listening = False
        self._changed = Changed()
        self._port = 0
        self._errors: list[Exception] = []

    @property
    def base_url(self) -> str:
        """The URL to configure, such as `http://127.0.0.1:40123/v1`."""
        return f"http://127.0.0.1:{self._port}{self._prefix}"

    @property
    def open_connections(self) -> int:
        """How many TCP connections are open now."""
        return len(self._connections)

    @property
    def bodies(self) -> list[dict[str, object]]:
        """The JSON bodies of all requests so far."""
        return [request.json() for request in self.requests]

    @property
    def last(self) -> RecordedRequest:
        """The latest request. Raises IndexError when there was none."""
        return self.requests[-1]

    def script(self, *replies: Reply) -> None:
        """Queue answers: one for each of the next requests."""
        self._queue.extend(replies)

    async def wait_for_requests(self, count: int = 1, within: float = DEFAULT_TIMEOUT) -> list[RecordedRequest]:
        """Return the requests once there are at least `count`. Raises TimeoutError telling how many came."""
        await self._changed.wait(lambda: len(self.requests) >= count, within, self._came)
        return list(self.requests)

    def wait_for_requests_sync(self, count: int = 1, within: float = DEFAULT_TIMEOUT) -> list[RecordedRequest]:
        """Do the same from a thread without a loop."""
        self._changed.wait_sync(lambda: len(self.requests) >= count, within, self._came)
        return list(self.requests)

    async def wait_for_connections(self, count: int, within: float = DEFAULT_TIMEOUT) -> None:
        """Return once exactly `count` TCP connections are open. Raises TimeoutError."""
        await self._changed.wait(
            lambda: len(self._connections) == count, within, lambda: f"{len(self._connections)} connections are open"
        )

    async def start(self) -> None:
        """Listen on a free loopback port."""
        loop = asyncio.get_running_loop()
        self._listening = True
        self._server = await loop.create_server(self._connect, "127.0.0.1", self._port)
        self._port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Stop listening, drop every connection, and leave no task behind. A later `start` takes the same port again.

        Raises what a reply function raised.
        """
        self._listening = False
        self._server.close()
        await self.drop_connections()
        await self._server.wait_closed()
        if self._errors:
            raise self._errors[0]

    async def drop_connections(self) -> None:
        """Drop every connection, those that were kept for a next request too, and go on listening."""
        connections = tuple(self._connections)
        for connection in connections:
            connection.abort()
        await asyncio.gather(*(connection.ended() for connection in connections))

    def close_kept(self) -> int:
        """Close the connections that wait for a next request, as servers do after a while; return how many."""
        kept = [connection for connection in self._connections if connection.idle]
        for connection in kept:
            connection.close()
        return len(kept)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    @classmethod
    @contextmanager
    def in_thread(cls, default: Reply = greeting, *, prefix: str = "/v1", strict: bool = False) -> Iterator[Self]:
        """Run one in a thread of its own, with its own loop."""
        upstream = cls(default, prefix=prefix, strict=strict)
        with LoopThread() as thread:
            thread.run(upstream.start())
            try:
                yield upstream
            finally:
                thread.run(upstream.stop())

    def _connect(self) -> Connection:
        self._accepted += 1
        return Connection(self._accepted, self._answer, self._know, self._forget)

    def _know(self, connection: Connection) -> None:
        """Count a connection from the moment that it can be closed: the loop accepts it one pass earlier."""
        self._connections.add(connection)
        self._changed.notify()
        if not self._listening:
            connection.abort()

    def _forget(self, connection: Connection) -> None:
        self._connections.discard(connection)
        self._changed.notify()

    def _answer(self, request: RecordedRequest) -> Script:
        self.requests.append(request)
        self._changed.notify()
        path = request.path.partition("?")[0]
        if request.method == "GET" and path.endswith("/models"):
            return self._play(self.models, request)
        if not path.endswith("/responses"):
            return json_reply({"error": {"message": f"no such path: {path}"}}, 404)
        if request.method != "POST":
            return json_reply({"error": {"message": f"no such method: {request.method}"}}, 405)
        if self._strict and (problems := upstream_problems(request.json())):
            return json_reply({"detail": "; ".join(problems)}, 400)
        reply = self._queue.popleft() if self._queue else self.default
        return self._play(reply, request)

    def _play(self, reply: Reply, request: RecordedRequest) -> Script:
        return reply if isinstance(reply, Script) else self._ask(reply, request)

    def _ask(self, reply: Callable[[RecordedRequest], Script], request: RecordedRequest) -> Script:
        try:
            return reply(request)
        except Exception as error:  # the test's own function, which may assert: told when the upstream stops
            self._errors.append(error)
            return json_reply({"error": {"message": f"the test's reply function failed: {error!r}"}}, 500)

    def _came(self) -> str:
        return f"{len(self.requests)} requests came: {self.requests}"


def closed_url() -> str:
    """Return a base URL on loopback at which nobody listens: connections are refused."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{sock.getsockname()[1]}/v1"
