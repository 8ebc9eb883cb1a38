"""Who gets in, and what is said to requests that lead nowhere."""

import orjson
import pytest

KEY, OTHER, WRONG = "client-key-0123456789abcdef", "other-key-0123456789abcdef", "wrong-key-0123456789abcdef"


@pytest.fixture
async def guarded(serve, upstream):
    return await serve(upstream, config={"api-keys": [KEY, OTHER]})


def envelope(answered):
    """Return the error of an answer, which must have the form that OpenAI's SDKs read."""
    assert answered.headers["content-type"] == "application/json"
    error = answered.json()["error"]
    assert set(error) == {"message", "type", "param", "code"}
    assert error["message"]
    return error


@pytest.mark.parametrize("key", [KEY, OTHER])
@pytest.mark.parametrize(
    "form",
    ["Authorization: Bearer {}", "authorization: bearer  {}", "X-API-Key: {}", "x-goog-api-key: {}"],
)
async def test_a_key_opens_in_every_form(guarded, form, key):
    name, _, value = form.format(key).partition(": ")
    assert (await guarded.post({name: value})).status_code == 200


async def test_the_same_key_twice_is_one_key(guarded):
    answered = await guarded.post({"authorization": f"Bearer {KEY}", "x-api-key": KEY, "x-goog-api-key": KEY})
    assert answered.status_code == 200


REFUSED = {
    "none": {},
    "wrong": {"authorization": f"Bearer {WRONG}"},
    "a part": {"authorization": f"Bearer {KEY[:-1]}"},
    "longer": {"authorization": f"Bearer {KEY}x"},
    "other case": {"x-api-key": KEY.upper()},
    "basic": {"authorization": f"Basic {KEY}"},
    "bare": {"authorization": KEY},
    "empty": {"authorization": "Bearer"},
    "two different": {"authorization": f"Bearer {KEY}", "x-api-key": OTHER},
    "right and wrong": {"authorization": f"Bearer {KEY}", "x-goog-api-key": WRONG},
    "in a cookie": {"cookie": f"api_key={KEY}"},
}


@pytest.mark.parametrize("headers", REFUSED.values(), ids=REFUSED)
async def test_anything_else_is_401_and_reaches_no_upstream(guarded, upstream, headers):
    answered = await guarded.post(headers)
    assert answered.status_code == 401
    error = envelope(answered)
    assert (error["type"], error["code"]) == ("invalid_request_error", "invalid_api_key")
    assert "0123456789" not in answered.text
    assert upstream.requests == []
    record = await guarded.records.request()
    assert (record.status, record.error, record.client) == (401, "invalid_api_key", "")


@pytest.mark.parametrize("query", [f"key={KEY}", f"api_key={KEY}", f"access_token={KEY}"])
async def test_a_key_in_the_query_opens_nothing(guarded, query):
    answered = await guarded.client.post(f"/v1/responses?{query}", json={"model": "gpt-5", "input": "Hi"})
    assert answered.status_code == 401


async def test_two_different_keys_are_refused_where_none_is_needed_too(house):
    assert (await house.post({"authorization": f"Bearer {KEY}", "x-api-key": OTHER})).status_code == 401


async def test_the_record_names_the_client_by_a_digest(guarded):
    for count, key in enumerate((KEY, OTHER, KEY), 1):
        await guarded.post({"x-api-key": key})
        await guarded.records.request(count)
    one, other, again = (record.client for record in guarded.records.of("request"))
    assert one == again != other
    assert len(one) == 12
    assert int(one, 16)


@pytest.mark.parametrize(("path", "status"), [("/v1/models", 401), ("/v1/models/gpt-5", 401), ("/", 200),
                                              ("/healthz", 200), ("/readyz", 200)])  # fmt: skip
async def test_which_routes_need_a_key(guarded, path, status):
    assert (await guarded.client.get(path)).status_code == status
    assert (await guarded.client.get(path, headers={"x-api-key": KEY})).status_code == 200


# -- requests that cannot be served


async def test_an_unknown_model_is_404(house, upstream):
    answered = await house.post(model="gemini-9")
    error = envelope(answered)
    assert (answered.status_code, error["type"], error["code"]) == (404, "invalid_request_error", "model_not_found")
    assert "gemini-9" in error["message"]
    assert "/v1/models" in error["message"]
    assert upstream.requests == []
    assert (await house.records.request()).model == "gemini-9"


@pytest.mark.parametrize("model", ["nobody/gpt-5", "fox/", "/gpt-5", "fox/nobody", "GPT-5", " gpt-5", "claude-opus-5"])
async def test_nearly_a_model_is_404_too(house, model):
    assert (await house.post(model=model)).status_code == 404


async def test_with_nothing_configured_it_is_503(serve):
    house = await serve(config={"demo": {"enabled": False}})
    answered = await house.post()
    assert answered.status_code == 503
    assert "no provider" in envelope(answered)["message"]


MALFORMED = {
    "empty": (b"", "empty"),
    "blank": (b"  \n", "empty"),
    "cut": (b'{"model": "gpt-5",\n "input": ', "line 2 column 11"),
    "a comma too many": (b'{"model": "gpt-5",\n\n "input": "Hi",}', "line 3 column 15"),
    "text": (b"model=gpt-5&input=Hi", "line 1 column 1"),
    "a list": (b"[]", "object"),
    "a string": (b'"Hi"', "object"),
    "null": (b"null", "object"),
}


@pytest.mark.parametrize(("body", "place"), MALFORMED.values(), ids=MALFORMED)
async def test_malformed_json_is_400_and_names_the_place(house, upstream, body, place):
    answered = await house.client.post("/v1/responses", content=body, headers={"content-type": "application/json"})
    assert answered.status_code == 400
    error = envelope(answered)
    assert (error["type"], error["code"]) == ("invalid_request_error", None)
    assert place in error["message"]
    assert upstream.requests == []


WRONG_FIELDS = {
    "no model": ({"input": "Hi"}, "model"),
    "null model": ({"model": None, "input": "Hi"}, "model"),
    "empty model": ({"model": "", "input": "Hi"}, "model"),
    "number as model": ({"model": 5, "input": "Hi"}, "model"),
    "no input": ({"model": "gpt-5"}, "input"),
    "null input": ({"model": "gpt-5", "input": None}, "input"),
    "empty input": ({"model": "gpt-5", "input": []}, "input"),
    "number as input": ({"model": "gpt-5", "input": 5}, "input"),
    "object as input": ({"model": "gpt-5", "input": {}}, "input"),
    "text among the items": ({"model": "gpt-5", "input": [{}, "Hi"]}, "input[1]"),
    "text as stream": ({"model": "gpt-5", "input": "Hi", "stream": "yes"}, "stream"),
}


@pytest.mark.parametrize(("body", "param"), WRONG_FIELDS.values(), ids=WRONG_FIELDS)
async def test_a_missing_or_wrong_field_is_400_and_named(house, upstream, body, param):
    answered = await house.client.post("/v1/responses", json=body)
    assert answered.status_code == 400
    error = envelope(answered)
    assert error["param"] == param
    assert param in error["message"]
    assert upstream.requests == []


async def test_the_content_type_is_the_clients_business(house):
    body = orjson.dumps({"model": "gpt-5", "input": "Hi"})
    answered = await house.client.post("/v1/responses", content=body, headers={"content-type": "text/plain"})
    assert answered.status_code == 200


async def test_a_query_changes_nothing(house):
    answered = await house.client.post("/v1/responses?beta=true&x=%2f..", json={"model": "gpt-5", "input": "Hi"})
    assert answered.status_code == 200


# -- routes

NOWHERE = [
    "/nowhere",
    "/v1",
    "/v1/",
    "/v1/response",
    "/v1/responses/",
    "/v1/responses/compact",
    "/v1/responses/input_tokens",
    "/v1/responses/resp_1",
    "/V1/responses",
    "//v1/responses",
    "/v1//responses",
    "/v1%2fresponses",
    "/x/../v1/responses",
    "/v1/./responses",
    "/v1/responses;x=1",
    "/v1\\responses",
]


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("path", NOWHERE)
async def test_an_unknown_route_is_404_in_the_same_envelope(house, upstream, path, method):
    wire = await house.wire()
    await wire.send(method, path, orjson.dumps({"model": "gpt-5", "input": "Hi"}))
    answered = await wire.answer()
    assert answered.status_code == 404
    assert envelope(answered)["type"] == "invalid_request_error"
    assert upstream.requests == []


@pytest.mark.parametrize("path", ["//v1/models", "/v1%2fmodels", "/v1/../v1/models", "/v1//models", "/v1/models/",
                                  "//healthz", "/%2e%2e/healthz"])  # fmt: skip
async def test_a_path_in_disguise_leads_nowhere(house, path):
    wire = await house.wire()
    await wire.send("GET", path)
    assert (await wire.answer()).status_code == 404


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "/v1/responses", "POST"),
        ("PUT", "/v1/responses", "POST"),
        ("DELETE", "/v1/responses", "POST"),
        ("PATCH", "/v1/responses", "POST"),
        ("POST", "/v1/models", "GET"),
        ("POST", "/healthz", "GET"),
        ("DELETE", "/", "GET"),
    ],
)
async def test_another_method_is_405_and_says_which_one(house, method, path, allowed):
    answered = await house.client.request(method, path)
    assert answered.status_code == 405
    assert allowed in answered.headers["allow"]
    assert allowed in envelope(answered)["message"]


async def test_head_of_the_route_has_no_body(house):
    answered = await house.client.head("/v1/responses")
    assert (answered.status_code, answered.content) == (405, b"")


UPGRADE = (
    "connection: Upgrade",
    "upgrade: websocket",
    "sec-websocket-version: 13",
    "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==",
)


@pytest.mark.parametrize("more", [(), ("sec-websocket-protocol: x",), (f"authorization: Bearer {KEY}",)])
async def test_a_websocket_upgrade_is_426_at_once(house, upstream, more):
    wire = await house.wire()
    await wire.send("GET", "/v1/responses", b"", *UPGRADE, *more)
    answered = await wire.answer()
    assert answered.status_code == 426
    assert envelope(answered)["code"] == "upgrade_required"
    assert "POST" in envelope(answered)["message"]
    assert upstream.requests == []


async def test_an_upgrade_elsewhere_leads_nowhere(house):
    wire = await house.wire()
    await wire.send("GET", "/v1/nowhere", b"", *UPGRADE)
    assert (await wire.until(b"\r\n")).split()[1] in (b"404", b"403", b"400")


AMBIGUOUS = {
    "two lengths": ("content-length: 10", "content-length: 20"),
    "length and chunks": ("content-length: 10", "transfer-encoding: chunked"),
    "no number": ("content-length: ten",),
    "negative": ("content-length: -1",),
    "unknown coding": ("transfer-encoding: gzip",),
    "a folded header": ("x: a\r\n b",),
    "a bad name": ("x y: a",),
}


@pytest.mark.parametrize("headers", AMBIGUOUS.values(), ids=AMBIGUOUS)
async def test_a_head_that_can_be_read_in_two_ways_is_refused(house, upstream, headers):
    wire = await house.wire()
    await wire.send("POST", "/v1/responses", b"", *headers)
    assert (await wire.until(b"\r\n")).split()[1] in (b"400", b"501")
    assert upstream.requests == []


async def test_a_repeated_key_header_is_no_key(guarded):
    wire = await guarded.wire()
    body = orjson.dumps({"model": "gpt-5", "input": "Hi"})
    await wire.send("POST", "/v1/responses", body, f"x-api-key: {KEY}", f"x-api-key: {WRONG}")
    assert (await wire.answer()).status_code == 401


async def test_an_error_of_the_house_itself_is_500_without_its_words(house, caplog, monkeypatch):
    def broken(*_, **__):
        raise KeyError("canary")

    runtime = house.host.runtime
    monkeypatch.setattr(runtime.selector, "order", broken)
    answered = await house.post()
    assert answered.status_code == 500
    assert "canary" not in answered.text
    assert "canary" in caplog.text
    record = await house.records.request()
    assert (record.status, record.error) == (500, "internal")
    assert record.request_id in envelope(answered)["message"]
