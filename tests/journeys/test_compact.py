"""`POST /v1/responses/compact` passes where an executor offers it, and is a 404 where none does."""

import orjson
import pytest
from jackfield.api import Credential, Kind, Model, Secret, UpstreamError, hookimpl

BODY = {"model": "zebra-1", "input": [{"role": "user", "content": "Hi"}]}


class Compactor:
    def __init__(self, calls, failure=None):
        self.calls, self.failure = calls, failure

    async def open(self, call, endpoint):
        raise AssertionError("nobody asks for an answer")

    async def compact(self, call, endpoint):
        self.calls.append((call, endpoint))
        if self.failure:
            raise self.failure
        return orjson.dumps({"object": "response.compaction", "output": [{"type": "compaction"}]})


class Zebra:
    def __init__(self, failure=None):
        self.calls, self.failure = [], failure

    @hookimpl
    def register_executors(self, registrar):
        registrar.add("zebra", lambda host: Compactor(self.calls, self.failure))

    @hookimpl
    def register_models(self, registrar):
        registrar.add("zebra", [Model("zebra-1", upstream="z1")])

    @hookimpl
    def synthesize_auth(self):
        return [Credential("zebra:1", "zebra", "zebra", {"api_key": Secret("sk-z"), "base_url": "https://z/v1"})]


async def test_without_such_an_executor_it_is_a_404_in_json(house):
    for ask in (house.client.post, house.client.get):
        answered = await ask("/v1/responses/compact")
        assert (answered.status_code, answered.json()["error"]["type"]) == (404, "invalid_request_error")


@pytest.mark.parametrize("path", ["/v1/responses/compact", "/responses/compact"])
async def test_it_passes_to_an_executor_that_offers_it(serve, path):
    zebra = Zebra()
    house = await serve(plugins={"zebra": zebra})
    answered = await house.client.post(path, json=BODY, headers={"x-codex-window-id": "w", "cookie": "canary=1"})
    assert (answered.status_code, answered.json()["object"]) == (200, "response.compaction")
    [(call, endpoint)] = zebra.calls
    assert call.body == {**BODY, "model": "z1"}
    assert endpoint.base_url == "https://z/v1"
    assert call.headers["x-codex-window-id"] == "w"
    assert "cookie" not in call.headers


async def test_its_failures_have_openais_envelope(serve):
    house = await serve(plugins={"zebra": Zebra(UpstreamError(Kind.RATE_LIMITED, "Slow down"))})
    answered = await house.client.post("/v1/responses/compact", json=BODY)
    assert (answered.status_code, answered.json()["error"]["type"]) == (429, "rate_limit_error")
    answered = await house.client.post("/v1/responses/compact", json={**BODY, "model": "nobody"})
    assert (answered.status_code, answered.json()["error"]["code"]) == (404, "model_not_found")


async def test_it_needs_the_clients_key(serve):
    house = await serve(plugins={"zebra": Zebra()}, config={"api-keys": ["client-key-0123456789abcdef"]})
    assert (await house.client.post("/v1/responses/compact", json=BODY)).status_code == 401
