"""Requests that no upstream has a part in: each has one right answer, whatever goes on beside it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import orjson

from . import asking
from .visits import LISTENS, Crowd
from .wire import BrokenAnswerError


@dataclass(frozen=True, slots=True)
class Probe:
    """A request with a fixed answer: what is sent, the status that must come, whether a record is written of it.

    `key` is "right", "wrong", "both" (two that differ) or ""; `or_else` another status that is right too (0: none).
    """

    name: str
    method: str
    path: str
    body: bytes
    status: int
    key: str = "right"
    counted: bool = True
    or_else: int = 0


_HI = [{"role": "user", "content": "hi"}]
PROBES = (
    Probe("an unknown model", "POST", "/v1/responses", orjson.dumps({"model": "x", "input": "hi"}), 404),
    Probe("no JSON", "POST", "/v1/chat/completions", b'{"model": ', 400),
    Probe("a field of the wrong type", "POST", "/v1/messages", orjson.dumps({"model": "gpt-5", "messages": 7}), 400),
    Probe("no key", "POST", "/v1/responses", b"{}", 401, key=""),
    Probe("a wrong key", "POST", "/v1/responses", b"{}", 401, key="wrong", or_else=429),
    Probe("two keys", "POST", "/v1/responses", b"{}", 401, key="both"),
    Probe("many brackets", "POST", "/v1/responses", b'{"model": "gpt-5", "input": [' + b"[]," * 400_000 + b"0]}", 413),
    Probe("models", "GET", "/v1/models", b"", 200, counted=False),
    Probe("healthz", "GET", "/healthz", b"", 200, key="", counted=False),
    Probe("nowhere", "GET", "/v2/nowhere", b"", 404, counted=False),
    Probe(
        "count_tokens",
        "POST",
        "/v1/messages/count_tokens",
        orjson.dumps({"model": "claude-soak-4", "messages": _HI}),
        200,
        counted=False,
    ),
)
"""What no upstream has a part in."""


async def probe_all(crowd: Crowd) -> None:
    """Send each of them once: what is loaded when it is first needed is there then."""
    for each in PROBES:
        await probe(crowd, each)


async def probe(crowd: Crowd, chosen: Probe | None = None) -> None:
    """Send what has one right answer: this, or any."""
    chosen = chosen or crowd.random.choice(PROBES)
    crowd.tally.probes[chosen.name] += 1
    crowd.tally.counted += chosen.counted
    headers = _shown(crowd, chosen.key)
    wire = await crowd.wires.take()
    try:
        async with asyncio.timeout(LISTENS):
            await wire.send(asking.request(chosen.method, chosen.path, crowd.wires.port, headers, chosen.body))
            head = await wire.head()
            body = await wire.body(head)
        if head.status not in (chosen.status, chosen.or_else):
            crowd.journal.problem(f"{chosen.name}: not {chosen.status}", f"{head.status} {body[:200]!r}")
    except (BrokenAnswerError, OSError, TimeoutError) as error:
        crowd.journal.problem(f"{chosen.name}: no answer", repr(error))
    finally:
        crowd.wires.give_back(wire)


def _shown(crowd: Crowd, key: str) -> dict[str, str]:
    """Return the headers that show a right key, a wrong one, both or none."""
    right = asking.credentials(crowd.keys[0], "responses", crowd.random)
    wrong = {"authorization": "Bearer not-a-key-of-anybody"}
    both = {"x-api-key": crowd.keys[0], **wrong}
    return {"right": right, "wrong": wrong, "both": both, "": {}}[key]
