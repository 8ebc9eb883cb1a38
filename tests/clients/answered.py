"""What the proxy answered to a client, kept beside what the client made of it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import orjson
from jackfield.testing import validate_message, validate_messages_stream, validate_responses_stream


@dataclasses.dataclass
class Answered:
    """An answer that the proxy gave to a client."""

    path: str
    query: str
    headers: dict[str, str] = dataclasses.field(default_factory=dict)
    asked: bytes = b""
    status: int = 0
    kind: str = ""
    body: bytes = b""
    whole: bool = False

    def check(self) -> None:
        """Assert that an answer which came to its end is one that its client can read."""
        if not self.whole or self.status != 200:
            return
        stream = self.kind.startswith("text/event-stream")
        if self.path == "/v1/responses" and stream:
            end = "failed" if b"event: response.failed" in self.body else "completed"
            validate_responses_stream(self.body, end=f"response.{end}")
        elif self.path == "/v1/messages" and stream:
            validate_messages_stream(self.body, end="error" if b"event: error" in self.body else "message_stop")
        elif self.path == "/v1/messages":
            validate_message(orjson.loads(self.body))


def recording(app: Any, answers: list[Answered]) -> Callable[..., Any]:
    """Return the app, with every answer that it gives kept in `answers`."""

    async def recorded(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await app(scope, receive, send)
            return
        headers = {name.decode().lower(): value.decode("latin-1") for name, value in scope["headers"]}
        answer = Answered(scope["path"], scope["query_string"].decode(), headers)
        answers.append(answer)

        async def heard() -> Any:
            message = await receive()
            answer.asked += message.get("body", b"")
            return message

        async def kept(message: Any) -> None:
            if message["type"] == "http.response.start":
                answer.status = message["status"]
                answer.kind = dict(message["headers"]).get(b"content-type", b"").decode()
            else:
                answer.body += message.get("body", b"")
                answer.whole = not message.get("more_body", False)
            await send(message)

        await app(scope, heard, kept)

    return recorded
