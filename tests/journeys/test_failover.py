"""Another provider takes over before the first content, and never after it."""

import pytest
from jackfield.api import Credential, Endpoint, Kind, Model, Secret, UpstreamError, hookimpl
from jackfield.testing import (
    FakeUpstream,
    Reset,
    closed_url,
    cut_after,
    empty,
    ends_early,
    error_event,
    failed,
    hang,
    hang_after_headers,
    html_page,
    http_error,
    json_reply,
    rate_limited,
    reset_before_headers,
    text_answer,
    usage_limit,
)
from jackfield_codex import CodexExecutor

LIMITS = {"limits": {"first-byte-timeout": 1.0, "stream-idle-timeout": 1.0}}

# how the first provider fails, and the kind that the record of its attempt has
FAILURES = {
    "401": (http_error(401), "upstream_auth"),
    "402": (http_error(402), "quota"),
    "403": (http_error(403), "forbidden"),
    "408": (http_error(408), "timeout"),
    "429": (rate_limited(5), "rate_limited"),
    "429 usage": (usage_limit(), "usage_limit"),
    "500": (http_error(500), "upstream_error"),
    "502": (http_error(502), "upstream_error"),
    "503": (http_error(503), "overloaded"),
    "504": (http_error(504), "timeout"),
    "529": (http_error(529), "overloaded"),
    "html": (html_page(), "upstream_error"),
    "a redirect": (http_error(302, location="http://elsewhere.example"), "upstream_error"),
    "empty": (empty(), "stream_cut"),
    "an error document with 200": (json_reply({"error": "Busy"}), "upstream_error"),
    "ended early": (ends_early(2), "stream_cut"),
    "cut early": (cut_after(3), "stream_cut"),
    "reset": (reset_before_headers(), "unreachable"),
    "reset early": (cut_after(2, None, Reset()), "stream_cut"),
    "silent": (hang(), "timeout"),
    "silent after its headers": (hang_after_headers(), "timeout"),
    "failed": (failed(), "upstream_error"),
    "overloaded": (failed("server_is_overloaded", "Busy"), "overloaded"),
    "an error event": (error_event("rate_limit_exceeded"), "rate_limited"),
}


@pytest.mark.parametrize("stream", [True, False], ids=["stream", "whole"])
@pytest.mark.parametrize(("script", "kind"), FAILURES.values(), ids=FAILURES)
async def test_the_next_provider_answers(serve, upstream, second, stream, script, kind):
    house = await serve(upstream, second, config=LIMITS)
    upstream.script(script)
    second.script(text_answer("from owl"))
    answered = await house.post(stream=stream)
    assert answered.status_code == 200
    assert "owl" in answered.text
    assert "sk-owl" in second.last.key
    assert second.last.body == upstream.last.body
    record = await house.records.request()
    assert (record.provider, record.attempt, record.error) == ("owl", 2, "")
    first, last = house.records.of("attempt")
    assert (first.provider, first.attempt, first.error) == ("fox", 1, kind)
    assert (last.provider, last.attempt, last.error) == ("owl", 2, "")
    assert first.ended <= last.started


async def test_a_refused_connection_is_no_end(serve, second):
    house = await serve(closed_url(), second)
    assert (await house.stream()).status_code == 200
    first, _ = house.records.of("attempt")
    assert (first.error, first.status) == ("unreachable", 0)


OWN = {
    "400": http_error(400),
    "404": http_error(404),
    "413": http_error(413),
    "422": http_error(422),
    "a prompt that is invalid": failed("invalid_prompt", "Bad"),
    "a context that is full": failed("context_length_exceeded", "Long"),
}


@pytest.mark.parametrize("stream", [True, False], ids=["stream", "whole"])
@pytest.mark.parametrize("script", OWN.values(), ids=OWN)
async def test_what_is_the_clients_own_doing_comes_back_at_once(serve, upstream, second, stream, script):
    house = await serve(upstream, second)
    upstream.script(script)
    assert 400 <= (await house.post(stream=stream)).status_code < 500
    assert (len(upstream.requests), len(second.requests)) == (1, 0)


@pytest.mark.parametrize("script", [cut_after(5), cut_after(5, None, Reset())], ids=["cut", "reset"])
async def test_nobody_takes_over_after_the_first_content(serve, upstream, second, script):
    house = await serve(upstream, second)
    upstream.script(script)
    answered = await house.stream()
    assert answered.status_code == 200
    assert "response.failed" in answered.text
    assert second.requests == []


@pytest.mark.parametrize(("retries", "attempts"), [(0, 1), (1, 2), (2, 3), (9, 3)])
async def test_there_are_no_more_attempts_than_configured_nor_than_providers(serve, retries, attempts):
    async with (
        FakeUpstream(http_error(500)) as one,
        FakeUpstream(http_error(503)) as two,
        FakeUpstream(rate_limited(5)) as three,
    ):
        house = await serve(one, two, three, config={"request-retry": retries})
        answered = await house.post()
        assert [len(each.requests) for each in (one, two, three)] == [1] * attempts + [0] * (3 - attempts)
        assert answered.status_code == {1: 500, 2: 503, 3: 429}[attempts]
        assert (await house.records.request()).attempt == attempts
        assert len(house.records.of("attempt")) == attempts


async def test_a_pinned_provider_has_no_substitute(serve, upstream, second):
    house = await serve(upstream, second)
    upstream.script(http_error(500))
    assert (await house.post(model="fox/gpt-5")).status_code == 500
    assert second.requests == []


async def test_a_provider_that_does_not_serve_the_model_is_not_asked(serve, upstream, second):
    house = await serve(upstream, second, keys={"models": ["acme"], "openai-models": False, "model-patterns": []})
    upstream.script(http_error(500))
    assert (await house.post(model="acme")).status_code == 200
    assert (await house.post(model="gpt-5")).status_code == 404


class Chooser:
    """A plugin that prefers one provider, and remembers what it was asked."""

    def __init__(self, provider):
        self.provider = provider
        self.asked = []

    @hookimpl
    async def choose_credential(self, candidates, request):
        self.asked.append((request, candidates))
        return next((each for each in candidates if each.provider == self.provider), None)


async def test_a_plugin_may_choose_and_the_others_stand_behind_its_choice(serve, upstream, second):
    chooser = Chooser("owl")
    house = await serve(upstream, second, plugins={"chooser": chooser})
    assert (await house.post()).status_code == 200
    assert (len(upstream.requests), len(second.requests)) == (0, 1)
    second.script(http_error(500))
    assert (await house.post(model="gpt-5-low", stream=True)).status_code == 200
    assert (len(upstream.requests), len(second.requests)) == (1, 2)
    request, candidates = chooser.asked[-1]
    assert (request.model, request.stream, request.dialect) == ("gpt-5-low", True, "responses")
    assert sorted(each.provider for each in candidates) == ["fox", "owl"]


class Acme:
    """A plugin with two credentials, of which it can resolve what the test says."""

    def __init__(self, url, resolve):
        self.url = url
        self.resolve = resolve

    @hookimpl
    def register_executors(self, registrar):
        registrar.add("acme", lambda host: CodexExecutor(host))

    @hookimpl
    def register_models(self, registrar):
        registrar.add("acme", [Model("acme-1")])

    @hookimpl
    def synthesize_auth(self):
        return [Credential(f"acme:{n}", "acme", "acme", priority=-n) for n in (1, 2)]

    @hookimpl
    async def resolve_creds(self, credential, request):
        if credential.provider != "acme":
            return None
        self.resolve(credential)
        return Endpoint(self.url, Secret(f"key-of-{credential.id}"))


async def test_a_credential_that_cannot_be_used_is_passed_over(serve, upstream):
    def resolve(credential):
        if credential.id == "acme:1":
            raise UpstreamError(Kind.UPSTREAM_AUTH, "the login has expired")

    house = await serve(plugins={"acme": Acme(upstream.base_url, resolve)})
    assert (await house.post(model="acme-1")).status_code == 200
    assert upstream.last.key == "key-of-acme:2"
    first, last = house.records.of("attempt")
    assert (first.credential, first.error, last.credential) == ("acme:1", "upstream_auth", "acme:2")


async def test_an_executor_that_raises_is_passed_over(serve, upstream, caplog):
    class Broken(Acme):
        @hookimpl
        def register_executors(self, registrar):
            registrar.add("acme", lambda host: self)

        async def open(self, call, endpoint):
            raise KeyError("a bug of the plugin")

    house = await serve(
        upstream, keys={"models": ["acme-1"], "priority": -9}, plugins={"acme": Broken("", lambda _: None)}
    )
    assert (await house.post(model="acme-1")).status_code == 200
    assert [record.provider for record in house.records.of("attempt")] == ["acme", "acme", "fox"]
    assert "a bug of the plugin" in caplog.text


async def test_a_credential_without_key_and_url_is_never_mixed_with_anothers(serve, upstream, second):
    class Halves(Acme):
        @hookimpl
        def synthesize_auth(self):
            return [
                Credential("acme:1", "acme", "acme", {"api_key": "key-alone"}),
                Credential("acme:2", "acme", "acme", {"base_url": second.base_url}),
            ]

        @hookimpl
        async def resolve_creds(self, credential, request):
            return None

    house = await serve(upstream, plugins={"acme": Halves("", lambda _: None)})
    answered = await house.post(model="acme-1")
    assert (answered.status_code, answered.json()["error"]["code"]) == (502, "upstream_auth")
    assert upstream.requests == second.requests == []
