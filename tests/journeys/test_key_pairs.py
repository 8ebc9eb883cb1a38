"""A key and a URL come from one place: over every mixture of places, no key reaches another place's host."""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from typing import Any

import pytest
from jackfield.api import Credential, ExecutorRegistrar, Model, ModelRegistrar, RequestInfo, Secret, hookimpl
from jackfield.testing import FakeUpstream, RecordedRequest, jackfield_server
from jackfield_codex import CodexExecutor

PLACES = ("attributes", "metadata", "fox", "owl", "chatgpt")
MODEL = "canary-model"
NAMED = ("session_id", "session-id")
"""Headers that name the conversation, which the tests name after its mixture."""

Upstreams = Mapping[str, FakeUpstream]


@dataclasses.dataclass(frozen=True)
class Mixture:
    """Which parts a credential has."""

    provider: str
    api_key: bool
    attributes_url: bool
    access_token: bool
    metadata_url: bool

    @property
    def name(self) -> str:
        parts = [field.name for field in dataclasses.fields(self) if getattr(self, field.name) is True]
        return "+".join([self.provider, *parts])

    def key(self, place: str) -> str:
        """Return the key that this credential has in a place."""
        return f"sk-{place}-of-{self.name}"

    def credential(self, upstreams: Upstreams) -> Credential:
        attributes: dict[str, Any] = {"source": "test"}
        metadata: dict[str, Any] = {"account_id": f"account-of-{self.name}"}
        if self.api_key:
            attributes["api_key"] = Secret(self.key("attributes"))
        if self.attributes_url:
            attributes["base_url"] = upstreams["attributes"].base_url
        if self.access_token:
            metadata["access_token"] = Secret(self.key("metadata"))
        if self.metadata_url:
            metadata["base_url"] = upstreams["metadata"].base_url
        return Credential(self.name, self.provider, self.name, attributes, metadata)

    def expected(self, enabled: Sequence[str]) -> tuple[str, str] | None:
        """Return the place that the contract (section 5) sends it to, and the key; None for nowhere."""
        if self.api_key and self.attributes_url:
            return "attributes", self.key("attributes")
        if self.access_token and self.metadata_url:
            return "metadata", self.key("metadata")
        if self.provider == "codex" and enabled:
            return enabled[0], f"sk-of-{enabled[0]}-123456"
        if self.provider == "codex" and self.access_token:
            return "chatgpt", self.key("metadata")
        return None


MIXTURES = [
    Mixture(provider, *parts) for provider in ("codex", "other") for parts in itertools.product((False, True), repeat=4)
]


class Mixed:
    """A plugin with one credential of each mixture; a request names the one that is to serve it as its session."""

    def __init__(self, upstreams: Upstreams) -> None:
        self.upstreams = upstreams

    @hookimpl
    def register_executors(self, registrar: ExecutorRegistrar) -> None:
        registrar.add("other", lambda host: CodexExecutor(host))

    @hookimpl
    def register_models(self, registrar: ModelRegistrar) -> None:
        for provider in ("codex", "other"):
            registrar.add(provider, [Model(MODEL)])

    @hookimpl
    def synthesize_auth(self) -> Iterable[Credential]:
        return [mixture.credential(self.upstreams) for mixture in MIXTURES]

    @hookimpl
    def choose_credential(self, candidates: Sequence[Credential], request: RequestInfo) -> Credential:
        return next(each for each in candidates if each.id == request.session)


@pytest.fixture
async def upstreams(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Upstreams]:
    """One upstream for each place that a pair can come from."""
    async with contextlib.AsyncExitStack() as stack:
        found = {place: await stack.enter_async_context(FakeUpstream()) for place in PLACES}
        monkeypatch.setattr("jackfield_codex.resolve.BACKEND", found["chatgpt"].base_url)
        yield found


def entry(name: str, upstreams: Upstreams, enabled: Sequence[str]) -> dict[str, Any]:
    return {
        "name": name,
        "enabled": name in enabled,
        "base-url": upstreams[name].base_url,
        "api-key": f"sk-of-{name}-123456",
        "headers": {"x-of": f"secret-header-of-{name}"},
    }


def arrived(upstreams: Upstreams) -> list[tuple[str, RecordedRequest]]:
    return [(place, request) for place, upstream in upstreams.items() for request in upstream.requests]


@pytest.mark.parametrize("enabled", [[], ["owl"], ["fox", "owl"]], ids=lambda names: "+".join(names) or "none")
async def test_no_key_reaches_the_host_of_another(enabled: list[str], upstreams: Upstreams) -> None:
    config = {
        "request-retry": 0,
        "disable-cooling": True,
        "tppc": {"providers": [entry(name, upstreams, enabled) for name in ("fox", "owl")]},
    }
    async with jackfield_server(config, plugins={"mixed": Mixed(upstreams)}) as proxy, proxy.client() as client:
        for mixture in MIXTURES:
            body = {"model": MODEL, "input": "Hi", "prompt_cache_key": mixture.name}
            answer = await client.post("/v1/responses", json=body)

            told = [(place, request.key) for place, request in arrived(upstreams)]
            expected = mixture.expected(enabled)
            assert told == ([expected] if expected else []), mixture
            assert answer.status_code == (200 if expected else 502), answer.text
            check_nothing_else(upstreams, mixture)
            for upstream in upstreams.values():
                upstream.requests.clear()


def check_nothing_else(upstreams: Upstreams, mixture: Mixture) -> None:
    """Assert that a request holds the secrets of one place alone, in whatever header."""
    for place, request in arrived(upstreams):
        sent = " ".join(value for name, value in request.raw_headers if name.lower() not in NAMED)
        others = [other for other in ("fox", "owl") if other != place]
        assert not any(f"-of-{other}" in sent for other in others), sent
        if place in ("fox", "owl"):
            assert mixture.name not in sent
            assert request.headers["x-of"] == f"secret-header-of-{place}"
        if place == "attributes":
            assert f"account-of-{mixture.name}" not in sent


def test_every_mixture_is_there() -> None:
    assert len({mixture.name for mixture in MIXTURES}) == 32
