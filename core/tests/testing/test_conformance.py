"""The suite passes for a good provider, and each of its tests fails for a provider with the fault it looks for."""

import hashlib
from typing import ClassVar

import orjson
import pytest
from jackfield.api import Credential, Kind, Model, ResponsesStream, UpstreamError, from_http, hookimpl
from jackfield.testing import FakeUpstream
from jackfield.testing.conformance import ProviderConformance

SCHEMA = {
    "type": "object",
    "properties": {
        "acme": {
            "type": "object",
            "additionalProperties": False,
            "properties": {
                "base-url": {"type": "string"},
                "api-key": {"type": "string", "x-secret": True},
            },
        }
    },
}


class Executor:
    """Posts the request as it is, but for what every upstream insists on."""

    def __init__(self, host):
        self.host = host

    async def open(self, call, endpoint):
        headers = {"content-type": "application/json", **self.auth(call, endpoint)}
        body = orjson.dumps(self.body(call))
        answer = await self.host.upstream.post(f"{endpoint.base_url}/responses", headers, body)
        return await self.opened(answer)

    async def opened(self, answer):
        if answer.status >= 300:
            raise from_http(answer.status, answer.headers, await answer.body(), now=self.host.clock.now())
        return ResponsesStream(answer, 1_000_000)

    def auth(self, call, endpoint):
        return {"authorization": f"Bearer {endpoint.api_key.reveal()}"}

    def body(self, call):
        include = ["reasoning.encrypted_content"]
        return {"instructions": "", **call.body, "stream": True, "store": False, "include": include}


class Acme:
    """A good provider plugin."""

    executor = Executor

    @hookimpl
    def config_schema(self):
        return SCHEMA

    @hookimpl
    def register_executors(self, registrar):
        registrar.add("acme", self.executor)

    @hookimpl
    def register_models(self, registrar):
        registrar.add("acme", self.models())

    @hookimpl
    def synthesize_auth(self, config):
        section = config.section("acme")
        key, url = section["api-key"], section["base-url"]
        yield Credential(self.id(key.reveal()), "acme", "acme", {"api_key": self.kept(key), "base_url": url})

    def models(self):
        return [Model("acme-1")]

    def id(self, key):
        return f"acme:{hashlib.sha256(key.encode()).hexdigest()[:12]}"

    def kept(self, key):
        return key


class AcmeSuite(ProviderConformance):
    provider = "acme"
    model = "acme-1"

    def config(self, base_url):
        return {"plugins": {"allow": ["acme"]}, "acme": {"base-url": base_url, "api-key": self.api_key}}


class TestGoodProvider(AcmeSuite):
    plugins: ClassVar = {"acme": Acme()}


class NoModel(Acme):
    def models(self):
        return [Model("acme-2")]


class Broken(Acme):
    @hookimpl
    def register_models(self, registrar):
        raise RuntimeError("no models today")


class Forgetful(Acme):
    """Registers something else every time."""

    count = 0

    def models(self):
        Forgetful.count += 1
        return [Model("acme-1"), Model(f"acme-1-{self.count}")]


class OneId(Acme):
    def id(self, key):
        return "acme:1"


class NewId(Acme):
    count = 0

    def id(self, key):
        NewId.count += 1
        return f"acme:{self.count}"


class ShowsKey(Acme):
    def kept(self, key):
        return key.reveal()


def with_executor(kind):
    plugin = Acme()
    plugin.executor = kind
    return plugin


class Mute(Executor):
    """Loses the text on the way."""

    async def opened(self, answer):
        return _Stream(
            await super().opened(answer), lambda event: "delta" not in event.type and "done" not in event.type
        )


class _Stream:
    """An upstream's stream with some events left out."""

    def __init__(self, stream, wanted):
        self.headers, self.aclose = stream.headers, stream.aclose
        self._stream, self._wanted = stream, wanted

    async def __aiter__(self):
        async for batch in self._stream:
            kept = [event for event in batch if self._wanted(event)]
            if kept:
                yield kept


class Stores(Executor):
    def body(self, call):
        return {**super().body(call), "store": True}


class Rude(Executor):
    def body(self, call):
        return {**super().body(call), "temperature": 1}


class Blames(Executor):
    """Makes every failure the client's fault."""

    async def opened(self, answer):
        if answer.status >= 300:
            from jackfield.api import ClientError

            raise ClientError(Kind.INVALID_API_KEY, (await answer.body()).decode())
        return await super().opened(answer)


class Silent(Executor):
    """Fails without a status of its own."""

    async def opened(self, answer):
        if answer.status >= 300:
            await answer.body()
            raise UpstreamError(Kind.UPSTREAM_ERROR, "failed")
        return await super().opened(answer)


class Holds(Executor):
    """Never closes its upstream."""

    async def opened(self, answer):
        held = _Stream(await super().opened(answer), bool)
        held.aclose = self.nothing
        return held

    async def nothing(self):
        pass


class WrongKey(Executor):
    def auth(self, call, endpoint):
        return {"authorization": "Bearer sk-somebody-else"}


class Follows(Executor):
    async def open(self, call, endpoint):
        target = call.body.get("base_url")
        if target:
            answer = await self.host.upstream.post(f"{target}/responses", self.auth(call, endpoint), b"{}")
            return await self.opened(answer)
        return await super().open(call, endpoint)


FAULTS = [
    ("test_the_plugin_is_ready", Broken()),
    ("test_the_model_is_listed", NoModel()),
    ("test_registering_again_changes_nothing", Forgetful()),
    ("test_the_id_of_a_credential_depends_on_its_key", OneId()),
    ("test_the_id_of_a_credential_depends_on_its_key", NewId()),
    ("test_a_credential_does_not_show_its_key", ShowsKey()),
    ("test_it_streams", with_executor(Mute)),
    ("test_the_request_is_what_upstreams_accept", with_executor(Stores)),
    ("test_the_request_is_what_upstreams_accept", with_executor(Rude)),
    ("test_a_refused_key_is_not_the_fault_of_the_client", with_executor(Blames)),
    ("test_a_limit_is_passed_on", with_executor(Silent)),
    ("test_a_failing_upstream_is_told", with_executor(Blames)),
    ("test_a_client_that_leaves_frees_the_upstream", with_executor(Holds)),
    ("test_the_key_goes_to_its_own_url", with_executor(WrongKey)),
    ("test_the_key_goes_nowhere_else", with_executor(Follows)),
]


@pytest.mark.parametrize(("test", "plugin"), FAULTS, ids=[f"{type(p).__name__}-{t}" for t, p in FAULTS])
def test_the_suite_finds_the_fault(test, plugin):
    class Suite(AcmeSuite):
        plugins: ClassVar = {"acme": plugin}
        patience = 0.3

    function = getattr(Suite, test)
    names = function.__code__.co_varnames[1 : function.__code__.co_argcount]
    with FakeUpstream.in_thread() as upstream, Suite().serving(upstream.base_url) as proxy:
        given = {"upstream": upstream, "proxy": proxy, "stream": False}
        with pytest.raises((AssertionError, TimeoutError)):
            function(Suite(), **{name: given[name] for name in names})
