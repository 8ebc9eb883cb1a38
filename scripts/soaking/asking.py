"""What clients ask: one small request in each dialect, with its canary, as a body and as bytes for the socket."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any

import orjson
from backports import zstd

PATHS: Mapping[str, str] = {
    "responses": "/v1/responses",
    "messages": "/v1/messages",
    "chat": "/v1/chat/completions",
}
"""The dialects and their routes."""

_MODELS = ("gpt-5", "gpt-5", "gpt-5-high", "gpt-5-codex-low", "gpt-5.9-from-tomorrow")
_SCHEMA = {"type": "object", "properties": {"note": {"type": "string"}, "serial": {"type": "string"}}}
_LARGE = 0.02
"""The share of requests with a long prompt."""


MANNERS: Mapping[str, float] = {"plain": 70, "gzip": 8, "zstd": 10, "upgrade": 5, "half-closed": 7}
"""How clients send, and of a hundred how many do so: an offer of another protocol, an end of their own side."""
_CODINGS: Mapping[str, Callable[[bytes], bytes]] = {"gzip": gzip.compress, "zstd": zstd.compress}


@dataclass(frozen=True, slots=True)
class Question:
    """One request of one client. `manner` is how it is sent: one of `MANNERS`."""

    canary: str
    dialect: str
    stream: bool
    body: dict[str, Any]
    headers: dict[str, str] = field(default_factory=dict)
    manner: str = "plain"

    @property
    def name(self) -> str:
        """Its row in the report."""
        return f"{self.dialect}, {'streamed' if self.stream else 'whole'}"

    def data(self, port: int) -> bytes:
        """Return the whole HTTP request."""
        data, headers = orjson.dumps(self.body), dict(self.headers)
        if pack := _CODINGS.get(self.manner):
            data, headers["content-encoding"] = pack(data), self.manner
        if self.manner == "upgrade":
            headers |= {"connection": "Upgrade, HTTP2-Settings", "upgrade": "h2c", "http2-settings": "AAMAAABkAAQAAP__"}
        return request("POST", PATHS[self.dialect], port, headers, data)

    @property
    def half_closed(self) -> bool:
        """True when the client closes its own side once the request is out."""
        return self.manner == "half-closed"


def request(method: str, path: str, port: int, headers: Mapping[str, str], body: bytes = b"") -> bytes:
    """Return an HTTP request with a body of JSON."""
    lines = [f"{method} {path} HTTP/1.1", f"host: 127.0.0.1:{port}", "content-type: application/json"]
    lines += [*(f"{name}: {value}" for name, value in headers.items()), f"content-length: {len(body)}"]
    return "\r\n".join([*lines, "", ""]).encode() + body


def credentials(key: str, dialect: str, random: Random) -> dict[str, str]:
    """Return a client key in one of the headers that carry it."""
    form = random.choice(("bearer", "x-api-key", "x-goog-api-key"))
    shown = {"authorization": f"Bearer {key}"} if form == "bearer" else {form: key}
    return {**shown, "anthropic-version": "2023-06-01"} if dialect == "messages" else shown


def question(canary: str, key: str, random: Random) -> Question:
    """Return a request of a random form."""
    dialect = random.choice(list(PATHS))
    stream = random.random() < 0.7
    body = {"model": _model(dialect, random), "stream": stream, **_BODIES[dialect](_prompt(canary, random), random)}
    [manner] = random.choices(list(MANNERS), list(MANNERS.values()))
    return Question(canary, dialect, stream, body, credentials(key, dialect, random), manner)


def _model(dialect: str, random: Random) -> str:
    return "claude-soak-4" if dialect == "messages" and random.random() < 0.7 else random.choice(_MODELS)


def _prompt(canary: str, random: Random) -> str:
    long = "The quick brown fox. " * random.randrange(5_000, 25_000) if random.random() < _LARGE else ""
    return f"Sing for {canary}. {long}"


def _wants_a_call(random: Random) -> bool:
    return random.random() < 0.2


def _responses(prompt: str, random: Random) -> dict[str, Any]:
    tools = [{"type": "function", "name": "note", "parameters": _SCHEMA, "strict": False}]
    conversation = {"prompt_cache_key": f"conversation-{random.randrange(40)}"} if random.random() < 0.5 else {}
    return {"input": prompt, **conversation, **({"tools": tools} if _wants_a_call(random) else {})}


def _messages(prompt: str, random: Random) -> dict[str, Any]:
    tools = [{"name": "note", "description": "Note it.", "input_schema": _SCHEMA}]
    conversation = {"metadata": {"user_id": f"user_x_session_{random.randrange(40)}"}} if random.random() < 0.5 else {}
    asked = {"max_tokens": 4096, "messages": [{"role": "user", "content": prompt}]}
    return {**asked, **conversation, **({"tools": tools} if _wants_a_call(random) else {})}


def _chat(prompt: str, random: Random) -> dict[str, Any]:
    tools = [{"type": "function", "function": {"name": "note", "parameters": _SCHEMA}}]
    asked = {"messages": [{"role": "system", "content": "You sing."}, {"role": "user", "content": prompt}]}
    return {**asked, **({"tools": tools} if _wants_a_call(random) else {})}


_BODIES = {"responses": _responses, "messages": _messages, "chat": _chat}
