"""What every provider plugin must do, as tests that its author inherits.

    from jackfield.testing.conformance import ProviderConformance

    class TestAcme(ProviderConformance):
        provider = "acme"
        model = "gpt-5"

        def config(self, base_url):
            return {"acme": {"base-url": base_url, "api-key": self.api_key}}

They run the plugin inside the real proxy, against a fake Responses upstream, and look from outside; pytest is all
they need.
"""

# ruff: noqa: S101 - tests assert

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, ClassVar

import httpx
import pytest

from ..model.types import Credential
from .app import jackfield_server_in_thread, make_app
from .events import check_events
from .reader import read_sse
from .scripts import http_error, rate_limited, reply, text_answer
from .server import RunningServer
from .steps import Pause
from .upstream import FakeUpstream
from .upstream_rules import check_upstream_request

_OTHER_KEY = "sk-conformance-another-0987654321"


class ProviderConformance(ABC):
    """Inherit from it in a class whose name begins with `Test`, and say what is tested.

    `provider` is the name that the plugin registers, `model` one of its models. `plugins` holds plugin objects by
    name for a plugin that is not installed; an installed one is found by its entry point. Put `api_key` into the
    configuration that `config` returns: the tests look for it where it must be, and where it must not. `patience` is
    how many seconds a wait may last before it counts as a failure.
    """

    provider: ClassVar[str]
    model: ClassVar[str] = "gpt-5"
    plugins: ClassVar[Mapping[str, object]] = {}
    patience: ClassVar[float] = 10.0
    api_key: str = "sk-conformance-1234567890abcdef"

    @abstractmethod
    def config(self, base_url: str) -> dict[str, Any]:
        """Return a configuration that enables the provider, with one credential: `self.api_key` at `base_url`."""

    @pytest.fixture
    def upstream(self) -> Iterator[FakeUpstream]:
        """The provider's upstream."""
        with FakeUpstream.in_thread() as upstream:
            yield upstream

    @pytest.fixture
    def proxy(self, upstream: FakeUpstream) -> Iterator[RunningServer]:
        """The proxy with the plugin in it."""
        with self.serving(upstream.base_url) as proxy:
            yield proxy

    @contextmanager
    def serving(self, base_url: str) -> Iterator[RunningServer]:
        """Serve the proxy with the provider at `base_url`."""
        with jackfield_server_in_thread(self.config(base_url), plugins=self.plugins) as proxy:
            yield proxy

    def ask(self, proxy: RunningServer, *, stream: bool = False) -> httpx.Response:
        """Ask the provider's model for an answer and read it to its end."""
        with proxy.sync_client() as client:
            return client.post("/v1/responses", json=self.question(stream))

    def question(self, stream: bool) -> dict[str, Any]:
        """Return a request for the provider's model."""
        return {"model": f"{self.provider}/{self.model}", "input": "Hello", "stream": stream}

    # The plugin itself.

    def test_the_plugin_is_ready(self, proxy: RunningServer) -> None:
        """No plugin is broken, and the provider can serve."""
        with proxy.sync_client() as client:
            answer = client.get("/readyz")
        assert answer.status_code == 200, answer.text
        assert self.provider in answer.json()["providers"]

    def test_the_model_is_listed(self, proxy: RunningServer) -> None:
        """`GET /v1/models` has it."""
        with proxy.sync_client() as client:
            listed = [model["id"] for model in client.get("/v1/models").json()["data"]]
        assert self.model in listed

    def test_registering_again_changes_nothing(self, upstream: FakeUpstream) -> None:
        """A reload registers everything anew: the same models, executors and credentials must come of it."""
        first, second = self._registered(upstream.base_url), self._registered(upstream.base_url)
        assert first == second

    def test_the_id_of_a_credential_depends_on_its_key(self, upstream: FakeUpstream) -> None:
        """The same key keeps its id over restarts; another key is another credential."""
        first = [credential.id for credential in self.credentials(upstream.base_url)]
        assert len(first) == 1, "config() must make one credential"
        assert first == [credential.id for credential in self.credentials(upstream.base_url)]
        self.api_key = _OTHER_KEY
        assert first != [credential.id for credential in self.credentials(upstream.base_url)]

    def test_a_credential_does_not_show_its_key(self, upstream: FakeUpstream) -> None:
        """A key in a `repr` ends in a log: hold it as a `Secret`."""
        for credential in self.credentials(upstream.base_url):
            assert self.api_key not in repr(credential)
            assert self.api_key not in credential.id

    # Answers.

    def test_it_streams(self, upstream: FakeUpstream, proxy: RunningServer) -> None:
        """The events of the upstream reach the client as one well-formed stream."""
        upstream.script(text_answer("Hello from conformance"))
        answer = self.ask(proxy, stream=True)
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-type"].startswith("text/event-stream")
        told = check_events([event.data for event in read_sse(answer.content)], empty_output=True)
        assert told.text == "Hello from conformance"

    def test_it_answers_without_streaming(self, upstream: FakeUpstream, proxy: RunningServer) -> None:
        """A client that wants JSON gets it, although the upstream streams."""
        upstream.script(text_answer("Hello from conformance"))
        answer = self.ask(proxy)
        assert answer.status_code == 200, answer.text
        assert answer.json()["output"][0]["content"][0]["text"] == "Hello from conformance"

    def test_the_request_is_what_upstreams_accept(self, upstream: FakeUpstream, proxy: RunningServer) -> None:
        """The upstream gets a stateless streaming request that breaks none of its rules."""
        self.ask(proxy)
        [request] = upstream.requests
        check_upstream_request(request.json())
        assert request.path.startswith("/v1/responses")
        assert request.json()["stream"] is True
        assert request.json()["store"] is False

    # Failures.

    @pytest.mark.parametrize("stream", [False, True], ids=["json", "stream"])
    def test_a_refused_key_is_not_the_fault_of_the_client(
        self, upstream: FakeUpstream, proxy: RunningServer, stream: bool
    ) -> None:
        """401 of the upstream becomes 502 or 503: a client that got 401 would throw its own key away."""
        upstream.default = http_error(401, "Incorrect API key provided", code="invalid_api_key")
        answer = self.ask(proxy, stream=stream)
        assert answer.status_code in (502, 503)
        self.check_error(answer)

    @pytest.mark.parametrize("stream", [False, True], ids=["json", "stream"])
    def test_a_limit_is_passed_on(self, upstream: FakeUpstream, proxy: RunningServer, stream: bool) -> None:
        """429 stays 429 and keeps its `Retry-After`, without which some clients do not try again."""
        upstream.default = rate_limited(retry_after=7)
        answer = self.ask(proxy, stream=stream)
        assert answer.status_code == 429
        assert 0 < float(answer.headers["retry-after"]) <= 7
        self.check_error(answer)

    @pytest.mark.parametrize("stream", [False, True], ids=["json", "stream"])
    def test_a_failing_upstream_is_told(self, upstream: FakeUpstream, proxy: RunningServer, stream: bool) -> None:
        """500 stays a failure of the server, in the envelope that SDKs read."""
        upstream.default = http_error(500, "boom")
        answer = self.ask(proxy, stream=stream)
        assert answer.status_code in (500, 502, 503)
        self.check_error(answer)

    def check_error(self, answer: httpx.Response) -> None:
        """Assert that an answer is OpenAI's error envelope and gives no key away."""
        error = answer.json()["error"]
        assert isinstance(error["message"], str)
        assert error["message"]
        assert {"type", "code", "param"} <= set(error)
        assert self.api_key not in answer.text

    def test_a_client_that_leaves_frees_the_upstream(self, upstream: FakeUpstream, proxy: RunningServer) -> None:
        """An answer that nobody reads costs quota: the upstream's connection closes."""
        upstream.script(text_answer("Hello there").after(5, Pause()))
        with proxy.sync_client() as client:
            with client.stream("POST", "/v1/responses", json=self.question(stream=True)) as answer:
                assert next(answer.iter_raw())
            [request] = upstream.requests
            request.wait_closed_sync(self.patience)

    # The key.

    def test_the_key_goes_to_its_own_url(self, upstream: FakeUpstream, proxy: RunningServer) -> None:
        """The upstream gets the configured key and nothing of the client's own."""
        with proxy.sync_client("sk-of-the-client") as client:
            client.post("/v1/responses", json=self.question(stream=False), headers={"Cookie": "session=client"})
        [request] = upstream.requests
        assert request.key == self.api_key
        told = " ".join(value for _, value in request.raw_headers)
        assert "sk-of-the-client" not in told
        assert "session=client" not in told

    def test_the_key_goes_nowhere_else(self, upstream: FakeUpstream, proxy: RunningServer) -> None:
        """A redirect is not followed, and no field of a request chooses a host."""
        with FakeUpstream.in_thread() as elsewhere:
            target = f"{elsewhere.base_url}/responses"
            upstream.script(reply("", 307, location=target))
            fields = {"base_url": elsewhere.base_url, "base-url": elsewhere.base_url, "api_base": elsewhere.base_url}
            with proxy.sync_client(follow_redirects=False) as client:
                answer = client.post("/v1/responses", json=self.question(stream=False) | fields)
            assert answer.status_code >= 500
            assert "location" not in answer.headers
            assert elsewhere.requests == []

    # What the plugin says to the house.

    def credentials(self, base_url: str) -> list[Credential]:
        """Return the provider's credentials of a new app."""
        host = make_app(self.config(base_url), plugins=self.plugins).extensions["jackfield"]
        return [credential for credential in host.credentials.in_use if credential.provider == self.provider]

    def _registered(self, base_url: str) -> tuple[object, ...]:
        runtime = make_app(self.config(base_url), plugins=self.plugins).extensions["jackfield"].in_force
        models = [(model.id, tuple(sorted(providers))) for model, providers in runtime.registry.models()]
        return models, sorted(runtime.executors), [credential.id for credential in runtime.credentials]
