"""A thousand requests of the real SDKs at two providers, of which one fails at random: what their users see.

The faulty provider answers 500, hangs, cuts or throttles three of ten requests. Whatever happens before an answer's
first content is the other provider's to mend, so that only a break after it may be seen: as an error that the SDK
knows, behind a beginning that is one provider's alone.
"""

from __future__ import annotations

import asyncio
import random
import re
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager, closing
from dataclasses import dataclass
from typing import Any

import anthropic
import openai
import pytest
from jackfield.testing import (
    FakeUpstream,
    Hang,
    RecordedRequest,
    Reset,
    Script,
    cut_after,
    ends_early,
    hang,
    hang_after_headers,
    http_error,
    jackfield_server,
    rate_limited,
    reset_before_headers,
    text_answer,
    usage_limit,
)

AT_ONCE = 32
SEED = 20260101
LIMITS = {"first-byte-timeout": 4, "stream-idle-timeout": 4}
BEGUN = 9
"""Events of an answer among which is content: four open it."""

BEFORE: dict[str, Callable[[Script], Script]] = {
    "500": lambda _: http_error(500),
    "503": lambda _: http_error(503, retry_after="1"),
    "throttled": lambda _: rate_limited(None),
    "throttled, with Retry-After": lambda _: rate_limited(1),
    "usage limit": lambda _: usage_limit(1),
    "no answer": lambda _: hang(),
    "no event": lambda _: hang_after_headers(),
    "reset": lambda _: reset_before_headers(),
    "cut before content": lambda whole: cut_after(2, whole),
    "ends before content": lambda whole: ends_early(3, whole),
}
AFTER: dict[str, Callable[[Script], Script]] = {
    "cut after content": lambda whole: cut_after(BEGUN, whole),
    "reset after content": lambda whole: cut_after(BEGUN, whole, Reset()),
    "ends after content": lambda whole: ends_early(BEGUN, whole),
    "hangs after content": lambda whole: cut_after(BEGUN, whole, Hang()),
}
FAULTS = BEFORE | AFTER
WHOLE, NOT_ASKED = "a whole answer", "not asked"


def words_of(provider: str, canary: str) -> str:
    """Return what a provider answers to a request: nobody else says this."""
    return " ".join(f"{provider}-{canary}-{number}" for number in range(20))


class Provider:
    """An upstream that remembers what it did to each request. `faults` says what comes next; None: a whole answer."""

    def __init__(self, name: str, faults: Iterator[str | None]) -> None:
        self.name = name
        self.upstream = FakeUpstream(self._answer)
        self.did: defaultdict[str, list[str]] = defaultdict(list)
        self._faults = faults

    def _answer(self, request: RecordedRequest) -> Script:
        found = re.search(rb"canary(\d+)", request.body)
        assert found is not None
        canary = found[0].decode()
        whole = text_answer(words_of(self.name, canary))
        fault = next(self._faults)
        self.did[canary].append(fault or WHOLE)
        return FAULTS[fault](whole) if fault else whole

    def first(self, canary: str) -> str:
        """Return what it did to a request when it was asked first."""
        return self.did[canary][0] if canary in self.did else NOT_ASKED

    def last(self, canary: str) -> str:
        """Return the same of the last time: a kept connection that was reset without a byte is replaced at once."""
        return self.did[canary][-1] if canary in self.did else NOT_ASKED

    @property
    def entry(self) -> dict[str, Any]:
        key = f"sk-{self.name}-0123456789"
        return {"name": self.name, "enabled": True, "base-url": self.upstream.base_url, "api-key": key}


def at_random() -> Iterator[str | None]:
    """Yield three faults among every ten, in a random order that is always the same; each kind as often as any."""
    chance = random.Random(SEED)
    bag: list[str] = []
    while True:
        ten: list[str | None] = [None] * 7
        for _ in range(3):
            bag = bag or chance.sample(list(FAULTS), len(FAULTS))
            ten.append(bag.pop())
        yield from chance.sample(ten, 10)


def never() -> Iterator[None]:
    """Yield no fault."""
    while True:
        yield None


@dataclass(frozen=True)
class Seen:
    """What a user saw: the text, and how it ended ("" well, else the error)."""

    text: str
    error: str = ""


@dataclass(frozen=True)
class Clients:
    """One client of each SDK."""

    openai: openai.OpenAI
    anthropic: anthropic.Anthropic
    aio_openai: openai.AsyncOpenAI
    aio_anthropic: anthropic.AsyncAnthropic
    threads: ThreadPoolExecutor


@asynccontextmanager
async def clients_of(url: str) -> AsyncIterator[Clients]:
    """Make clients that try nothing twice."""
    settings: dict[str, Any] = {"api_key": "unused-0123456789", "max_retries": 0, "timeout": 60}
    async with AsyncExitStack() as stack:
        yield Clients(
            stack.enter_context(openai.OpenAI(base_url=f"{url}/v1", **settings)),
            stack.enter_context(anthropic.Anthropic(base_url=url, **settings)),
            await stack.enter_async_context(openai.AsyncOpenAI(base_url=f"{url}/v1", **settings)),
            await stack.enter_async_context(anthropic.AsyncAnthropic(base_url=url, **settings)),
            stack.enter_context(ThreadPoolExecutor(AT_ONCE)),
        )


def responses(client: Any, words: str, stream: bool) -> Any:
    return client.responses.create(model="gpt-5", input=words, stream=stream)


def chat(client: Any, words: str, stream: bool) -> Any:
    return client.chat.completions.create(model="gpt-5", messages=[{"role": "user", "content": words}], stream=stream)


def messages(client: Any, words: str, stream: bool) -> Any:
    said = [{"role": "user", "content": words}]
    return client.messages.create(model="gpt-5", max_tokens=1000, messages=said, stream=stream)


def piece_of_responses(event: Any) -> tuple[str, str | None]:
    """Return the text of an event, and how it ends the answer (None: it does not)."""
    if event.type == "response.failed":
        error = event.response.error
        return "", f"response.failed {error.code} ({error.message.partition(':')[0]})"
    return (event.delta if event.type == "response.output_text.delta" else ""), (
        "" if event.type == "response.completed" else None
    )


def piece_of_chat(chunk: Any) -> tuple[str, str | None]:
    [choice] = chunk.choices or [None]
    if choice is None:
        return "", None
    return choice.delta.content or "", "" if choice.finish_reason == "stop" else None


def piece_of_messages(event: Any) -> tuple[str, str | None]:
    text = event.delta.text if event.type == "content_block_delta" else ""
    return text, "" if event.type == "message_stop" else None


@dataclass(frozen=True)
class Dialect:
    """How one of the three APIs is asked and read."""

    ask: Callable[[Any, str, bool], Any]
    piece: Callable[[Any], tuple[str, str | None]]
    text: Callable[[Any], str]


DIALECTS = {
    "Responses": Dialect(responses, piece_of_responses, lambda answer: str(answer.output_text)),
    "Chat": Dialect(chat, piece_of_chat, lambda answer: str(answer.choices[0].message.content)),
    "Messages": Dialect(messages, piece_of_messages, lambda answer: "".join(part.text for part in answer.content)),
}


class Reading:
    """An answer as far as it came."""

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect
        self.text = ""
        self._end: str | None = None

    def take(self, event: Any) -> None:
        text, end = self._dialect.piece(event)
        self.text += text
        self._end = end if end is not None else self._end

    @property
    def seen(self) -> Seen:
        return Seen(self.text, "a silent end" if self._end is None else self._end)


def told(error: openai.APIError | anthropic.APIError) -> str:
    """Return an SDK's error as the rules name it: its type, and the status or the code."""
    name = f"{type(error).__module__.partition('.')[0]}.{type(error).__name__}"
    return f"{name} {getattr(error, 'status_code', None) or getattr(error, 'code', None) or ''}".strip()


def sync_ask(client: Any, dialect: Dialect, words: str, stream: bool) -> Seen:
    reading = Reading(dialect)
    try:
        answer = dialect.ask(client, words, stream)
        if not stream:
            return Seen(dialect.text(answer))
        with closing(answer):
            for event in answer:
                reading.take(event)
    except (openai.APIError, anthropic.APIError) as error:
        return Seen(reading.text, told(error))
    return reading.seen


async def async_ask(client: Any, dialect: Dialect, words: str, stream: bool) -> Seen:
    reading = Reading(dialect)
    try:
        answer = await dialect.ask(client, words, stream)
        if not stream:
            return Seen(dialect.text(answer))
        async with answer:
            async for event in answer:
                reading.take(event)
    except (openai.APIError, anthropic.APIError) as error:
        return Seen(reading.text, told(error))
    return reading.seen


KINDS = [(name, way, stream) for name in DIALECTS for way in ("async", "sync") for stream in (True, False)]


async def ask(clients: Clients, kind: tuple[str, str, bool], canary: str) -> Seen:
    """Ask as a kind of client does."""
    name, way, stream = kind
    vendor = "anthropic" if name == "Messages" else "openai"
    words = f"Say something about {canary}."
    if way == "async":
        return await async_ask(getattr(clients, f"aio_{vendor}"), DIALECTS[name], words, stream)
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(
        clients.threads, sync_ask, getattr(clients, vendor), DIALECTS[name], words, stream
    )


async def all_asked(clients: Clients, count: int) -> dict[str, tuple[tuple[str, str, bool], Seen]]:
    """Ask so many times, 32 at once; return what each request's user saw."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(number: int) -> tuple[str, tuple[tuple[str, str, bool], Seen]]:
        kind, canary = KINDS[number % len(KINDS)], f"canary{number:04}"
        async with gate:
            return canary, (kind, await ask(clients, kind, canary))

    asking: list[Awaitable[Any]] = [one(number) for number in range(count)]
    return dict(await asyncio.gather(*asking))


ERRORS = {
    ("Responses", True): {
        "response.failed server_error (upstream_stream_cut)",
        "response.failed server_error (upstream_timeout)",
    },
    ("Responses", False): {"openai.InternalServerError 502", "openai.InternalServerError 504"},
    ("Chat", True): {"openai.APIError upstream_stream_cut", "openai.APIError upstream_timeout"},
    ("Chat", False): {"openai.InternalServerError 502", "openai.InternalServerError 504"},
    ("Messages", True): {"anthropic.APIStatusError 200"},
    ("Messages", False): {"anthropic.InternalServerError 502", "anthropic.GatewayTimeoutError 504"},
}
"""What a break after the first content is to each kind of client; codes of `response.failed` are the API's (X4)."""


@pytest.mark.timeout(300)
@pytest.mark.parametrize(("count", "rules"), [(1000, {"disable-cooling": True}), (300, {})], ids=["asked-on", "rests"])
async def test_users_see_no_error_that_the_rules_do_not_name(count: int, rules: dict[str, Any]) -> None:
    fox, owl = Provider("fox", at_random()), Provider("owl", never())
    async with fox.upstream, owl.upstream:
        config = {"tppc": {"providers": [fox.entry, owl.entry]}, "limits": LIMITS, **rules}
        async with jackfield_server(config) as server, clients_of(server.base_url) as clients:
            seen = await all_asked(clients, count)

    print(f"\n{table(seen, fox, owl)}")
    assert len(seen) == count
    wrong = [line for canary, (kind, what) in seen.items() for line in faults_of(canary, kind, what, fox, owl)]
    assert wrong == []
    done = {each for did in fox.did.values() for each in did}
    assert done == {*FAULTS, WHOLE} if "disable-cooling" in rules else len(done) > 1


def faults_of(canary: str, kind: tuple[str, str, bool], seen: Seen, fox: Provider, owl: Provider) -> Iterator[str]:
    """Yield what a user saw that the rules do not allow."""
    name, way, stream = kind
    place = f"{canary}, {name} {way} {'streamed' if stream else 'whole'}, fox: {fox.last(canary)}"
    broken = fox.last(canary) in AFTER and canary not in owl.did
    answers = {provider.name: words_of(provider.name, canary) for provider in (fox, owl)}
    if not seen.error and seen.text not in answers.values():
        yield f"{place}: neither provider's whole answer: {seen.text!r}"
    if broken and seen.error not in ERRORS[name, stream]:
        yield f"{place}: the break was told as {seen.error!r}"
    if seen.error and not broken:
        yield f"{place}: {seen.error}"
    if seen.error and not answers["fox"].startswith(seen.text):
        yield f"{place}: not the beginning of its answer: {seen.text!r}"


def table(seen: dict[str, Any], fox: Provider, owl: Provider) -> str:
    """Return how many requests came to what: by what the faulty provider did first, and the errors by API."""
    rows: dict[str, Counter[str]] = defaultdict(Counter)
    errors: Counter[str] = Counter()
    for canary, ((name, _, stream), what) in seen.items():
        column = "an error" if what.error else "the other's answer" if canary in owl.did else "its answer"
        rows[fox.first(canary)][column] += 1
        errors[f"{name}, {'streamed' if stream else 'not streamed'}: {what.error}"] += bool(what.error)
    columns = ("its answer", "the other's answer", "an error")
    lines = ["| the faulty provider | requests | its answer | the other's answer | an error |", "|---|---|---|---|---|"]
    for did in (did for did in (NOT_ASKED, WHOLE, *FAULTS) if did in rows):
        lines.append(f"| {did} | {rows[did].total()} | {' | '.join(str(rows[did][each]) for each in columns)} |")
    return "\n".join([*lines, *(f"{count} x {error}" for error, count in sorted(errors.items()) if count)])
