"""What a client's connection may bring, seen from outside: places, offers, half-closing, early answers, paths.

C1, C2, C9, C11 and C12; byte by byte they are in `core/tests/server`.
"""

import asyncio
import contextlib
import http.client
import time

import orjson
import pytest
from jackfield.testing import Hang, Pause, Text, answer, hang, text_answer

KEY = "client-key-0123456789abcdef"
KEYED = {"api-keys": [KEY]}
BEARER = {"authorization": f"Bearer {KEY}"}
MESSAGES = [{"role": "user", "content": "Hi"}]
BODY = orjson.dumps({"model": "gpt-5", "input": "Hi"})
BODIES = {
    "/v1/responses": {"model": "gpt-5", "input": "Hi"},
    "/v1/chat/completions": {"model": "gpt-5", "messages": MESSAGES},
    "/v1/messages": {"model": "gpt-5", "max_tokens": 50, "messages": MESSAGES},
    "/v1/messages/count_tokens": {"model": "gpt-5", "messages": MESSAGES},
}
FAMILIES = ["", "/v1", "/v1/v1"]


# -- C1: places are for those who were let in

OUTSIDERS = {
    "no key": ("POST", "/v1/responses", ()),
    "a wrong key": ("POST", "/v1/messages", ("x-api-key: wrong-key-0123456789",)),
    "another method": ("PUT", "/v1/responses", (f"x-api-key: {KEY}",)),
    "too large": ("POST", "/v1/responses", (f"x-api-key: {KEY}", "content-length: 100000000000")),
    "nowhere": ("POST", "/v1/nothing", (f"x-api-key: {KEY}",)),
    "models": ("GET", "/v1/models", (f"x-api-key: {KEY}",)),
    "counting": ("POST", "/v1/messages/count_tokens", (f"x-api-key: {KEY}",)),
}


@pytest.mark.parametrize(("method", "path", "headers"), OUTSIDERS.values(), ids=OUTSIDERS)
async def test_who_is_refused_takes_no_place(serve, upstream, method, path, headers):
    """Each of them goes on sending its body, byte by byte, and reads nothing."""
    house = await serve(upstream, config={**KEYED, "limits": {"max-streams": 2}})
    told = headers if any("length" in header for header in headers) else (*headers, "content-length: 100000")
    wires = [await house.wire() for _ in range(6)]
    for wire in wires:
        await wire.send(method, path, b"", *told, length=False)
    for _ in range(4):
        for wire in wires:
            wire.writer.write(b"x")
        assert (await house.post(BEARER)).status_code == 200


async def test_nor_does_one_whose_model_nobody_has_while_it_reads_no_answer(serve, upstream):
    house = await serve(upstream, config={**KEYED, "limits": {"max-streams": 1}})
    for _ in range(4):
        wire = await house.wire()
        await wire.send("POST", "/v1/responses", b'{"model":"nobody","input":"Hi"}', f"x-api-key: {KEY}")
    await house.records.request(4)
    assert (await house.post(BEARER)).status_code == 200


async def test_a_client_that_was_let_in_holds_its_place_while_it_sends(serve, upstream):
    house = await serve(upstream, config={**KEYED, "limits": {"max-streams": 1}})
    wire = await house.wire()
    await wire.send("POST", "/v1/responses", b'{"model"', f"x-api-key: {KEY}", "content-length: 100", length=False)
    await until(house, 503)
    wire.leave()
    await until(house, 200)


async def until(house, status):
    """Return when the proxy answers so."""
    async with asyncio.timeout(30):
        while (await house.post(BEARER)).status_code != status:
            pass


# -- C2: offers

H2C = ("connection: Upgrade, HTTP2-Settings", "upgrade: h2c", "http2-settings: AAMAAABkAAQAAP__")
OFFERS = {
    "HTTP/2": H2C,
    "a websocket": ("connection: upgrade", "upgrade: websocket"),
    "other": ("connection: upgrade", "upgrade: foo/1"),
}


@pytest.mark.parametrize("offer", OFFERS.values(), ids=OFFERS)
async def test_a_post_with_an_offer_is_asked_once_and_its_leaving_noticed(house, upstream, offer):
    upstream.script(hang())
    wire = await house.wire()
    await wire.send("POST", "/v1/responses", BODY, *offer)
    [request] = await upstream.wait_for_requests(1)
    assert not {"upgrade", "http2-settings"} & set(request.headers)
    wire.leave()
    await request.wait_closed()
    await house.records.request()
    assert len(upstream.requests) == 1


@pytest.mark.parametrize("offer", OFFERS.values(), ids=OFFERS)
async def test_two_posts_and_a_get_with_an_offer_on_one_connection(house, offer):
    wire = await house.wire()
    for _ in range(2):
        await wire.send("POST", "/v1/responses", BODY, *offer)
        assert (await wire.answer()).json()["status"] == "completed"
    await wire.send("GET", "/healthz", b"", *offer)
    assert (await wire.answer()).json() == {"status": "ok"}


@pytest.mark.parametrize("path", [family + path for family in FAMILIES for path in ("/responses", "/messages")])
@pytest.mark.parametrize("token", ["websocket", "WebSocket", "h2c, websocket", ", websocket"])
async def test_only_a_get_that_offers_a_websocket_is_426(house, path, token):
    wire = await house.wire()
    await wire.send("GET", path, b"", "connection: Upgrade", f"upgrade: {token}")
    answered = await wire.answer()
    assert answered.status_code == 426
    assert answered.headers["upgrade"] == "HTTP/1.1"


# -- C9: half-closed clients


async def read_all(wire):
    async with asyncio.timeout(30):
        return await wire.reader.read()


@pytest.mark.parametrize("said", [("connection: close",), ()], ids=["close", "nothing said"])
@pytest.mark.parametrize("path", [path for path in BODIES if "count" not in path])
@pytest.mark.parametrize("stream", [True, False], ids=["stream", "whole"])
async def test_a_client_that_sends_no_more_gets_its_answer(house, upstream, path, stream, said):
    upstream.script(answer(Text("Hello you")).paced(0.1))
    wire = await house.wire()
    await wire.send("POST", path, orjson.dumps({**BODIES[path], "stream": stream}), *said)
    wire.writer.write_eof()
    answered = await read_all(wire)
    assert answered.startswith(b"HTTP/1.1 200 OK\r\n")
    assert b"Hello" in answered
    assert len(upstream.requests) == 1
    assert (await house.records.request()).status == 200


@pytest.mark.parametrize(("method", "path"), [("GET", "/healthz"), ("GET", "/v1/models"), ("GET", "/nowhere"),
                                              ("POST", "/v1/messages/count_tokens")])  # fmt: skip
async def test_on_every_route(house, method, path):
    wire = await house.wire()
    await wire.send(method, path, orjson.dumps(BODIES.get(path, {})) if method == "POST" else b"")
    wire.writer.write_eof()
    answered = await read_all(wire)
    assert answered.startswith(b"HTTP/1.1 404" if path == "/nowhere" else b"HTTP/1.1 200")


@pytest.mark.parametrize("stage", [hang(), answer(Text("Hello you")).cut(6, Hang())], ids=["waiting", "in mid-stream"])
async def test_a_half_closed_client_that_then_leaves_closes_the_upstream(house, upstream, stage):
    upstream.script(stage)
    wire = await house.wire()
    await wire.ask()
    wire.writer.write_eof()
    [request] = await upstream.wait_for_requests(1)
    await asyncio.sleep(0.1)
    wire.leave()
    await request.wait_closed()


# -- C12: answers before the body came

EARLY = {
    "an unknown route": ("POST", "/v1/nothing"),
    "another method": ("PUT", "/v1/models"),
    "counting": ("POST", "/v1/messages/count_tokens"),
    "answers": ("POST", "/v1/responses"),
    "a path in disguise": ("POST", "//v1/responses"),
    "open": ("OPTIONS", "/v1/responses"),
    "the head alone": ("HEAD", "/healthz"),
}


@pytest.mark.parametrize("chunked", [False, True], ids=["length", "chunked"])
@pytest.mark.parametrize(("method", "path"), EARLY.values(), ids=EARLY)
async def test_the_connection_survives_an_answer_before_the_body(serve, upstream, method, path, chunked):
    house = await serve(upstream, config=KEYED)
    wire = await house.wire()
    form = "transfer-encoding: chunked" if chunked else "content-length: 28"
    await wire.send(method, path, b"", form, length=False)
    assert "connection" not in (answered := await head_of(wire, method)).headers, answered
    await asyncio.sleep(0.1)
    wire.writer.write(b"1c\r\n" + b"x" * 28 + b"\r\n0\r\n\r\n" if chunked else b"x" * 28)
    await wire.send("GET", "/healthz")
    assert (await wire.answer()).json() == {"status": "ok"}


async def head_of(wire, method):
    """Return an answer; one to HEAD has no body, whatever its length says."""
    if method != "HEAD":
        return await wire.answer()
    head = await wire.until(b"\r\n\r\n")
    assert b"connection" not in head.lower()
    return type("Head", (), {"headers": {}})


def test_pythons_own_client_can_go_on(serve_in_thread):
    """`http.client` writes head and body apart, and takes a connection that was not said to end for one that stays."""
    connection = http.client.HTTPConnection("127.0.0.1", serve_in_thread, timeout=10)
    with contextlib.closing(connection):
        asked_twice(connection)


def asked_twice(connection):
    connection.putrequest("POST", "/v1/nothing")
    connection.putheader("content-length", "28")
    connection.endheaders()
    time.sleep(0.1)
    connection.send(b"x" * 28)
    first = connection.getresponse()
    assert (first.status, first.read()[:2]) == (404, b'{"')
    connection.request("GET", "/healthz")
    second = connection.getresponse()
    assert (second.status, second.read()) == (200, b'{"status":"ok"}')


@pytest.fixture
def serve_in_thread():
    from jackfield.testing import make_app, running_in_thread

    with running_in_thread(make_app({})) as server:
        yield server.port


async def test_a_body_that_is_too_slow_ends_the_connection_and_says_so(serve, upstream):
    house = await serve(upstream, config={"limits": {"body-timeout": 0.1}})
    for path in BODIES:
        wire = await house.wire()
        await wire.send("POST", path, b"{", "content-length: 100", length=False)
        answered = await wire.answer()
        assert (answered.status_code, answered.headers["connection"]) == (408, "close"), path
        assert await read_all(wire) == b""


# -- C11: targets and paths


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("path", BODIES)
async def test_client_routes_are_served_with_any_number_of_versions(house, family, path):
    answered = await house.client.post(family + path.removeprefix("/v1"), json=BODIES[path])
    assert answered.status_code == 200, answered.text


@pytest.mark.parametrize("family", FAMILIES)
async def test_models_too(house, family):
    whole = await house.client.get(f"{family}/models")
    one = await house.client.get(f"{family}/models/fox/gpt-5")
    assert (whole.json()["object"], one.json()["id"]) == ("list", "gpt-5")


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize(
    ("path", "route"),
    [
        ("/responses/resp_1", "POST /v1/responses"),
        ("/responses/compact", "POST /v1/responses"),
        ("/chat/completion", "POST /v1/chat/completions"),
        ("/messages/batches", "POST /v1/messages"),
        ("/messages/count_token", "POST /v1/messages"),
    ],
)
async def test_an_unknown_path_below_them_names_the_nearest_route(house, family, path, route):
    answered = await house.client.post(family + path, json={})
    assert answered.status_code == 404
    body = answered.json()
    assert route in body["error"]["message"]
    assert ("type" in body and body["type"] == "error") is ("messages" in path), "each dialect's own envelope"


@pytest.mark.parametrize(
    ("path", "route"),
    [("/v1/response", "/v1/responses"), ("/v1/message", "/v1/messages"), ("/v1/completions", "/v1/chat/completions"),
     ("/openai/v1/responses", "/v1/responses"), ("/api/v1/chat/completions", "/v1/chat/completions"),
     ("/v1/v1/v1/messages", "/v1/messages"), ("//v1/responses", "/v1/responses"), ("/v1//messages", "/v1/messages"),
     ("/model", "/v1/models"), ("/health", "/healthz")],
)  # fmt: skip
async def test_a_slip_of_the_pen_is_told_the_way(house, path, route):
    wire = await house.wire()
    await wire.send("POST", path, b"{}")
    answered = await wire.answer()
    assert answered.status_code == 404
    assert f" {route}" in answered.json()["error"]["message"]


async def test_a_client_of_anthropics_reads_its_envelope_for_every_404(house):
    for path in ("/v1/message", "/v1/complete", "/nowhere", "//v1/messages"):
        wire = await house.wire()
        await wire.send("POST", path, b"{}", "anthropic-version: 2023-06-01")
        answered = await wire.answer()
        assert (answered.status_code, answered.json()["type"]) == (404, "error"), path


async def test_the_authority_in_a_target_decides_nothing(house):
    for target in ("http://127.0.0.1:8317/healthz", "http://elsewhere.example/healthz", "HTTP://x:1/healthz"):
        wire = await house.wire()
        await wire.send("GET", target)
        assert (await wire.answer()).json() == {"status": "ok"}
    wire = await house.wire()
    await wire.send("POST", "http://x/v1/responses?a=b", BODY)
    assert (await wire.answer()).json()["status"] == "completed"


async def test_a_wish_to_be_asked_in_other_letters(house):
    wire = await house.wire()
    await wire.send("POST", "/v1/responses", b"", "Expect: 100-Continue", f"content-length: {len(BODY)}", length=False)
    assert (await wire.until(b"\r\n\r\n")).startswith(b"HTTP/1.1 100")
    wire.writer.write(BODY)
    assert (await wire.answer()).json()["status"] == "completed"


SITES = {"cross-site": 403, "same-site": 403, "Cross-Site": 403, "same-origin": 200, "none": 200}


@pytest.mark.parametrize(("site", "status"), SITES.items(), ids=SITES)
@pytest.mark.parametrize(("method", "path"), [("POST", "/v1/responses"), ("GET", "/models")])
async def test_a_page_without_an_origin_is_known_by_its_site(house, upstream, site, status, method, path):
    """Browsers leave `Origin` out of some requests, not `Sec-Fetch-Site`."""
    headers = {"sec-fetch-site": site}
    answered = await house.client.request(method, path, content=BODY, headers=headers)
    assert answered.status_code == status
    assert (upstream.requests == []) is (status == 403 or method == "GET")


async def test_where_a_key_is_needed_or_any_page_may_call_it_is_let_in(serve, upstream):
    for config, headers in ((KEYED, BEARER), ({"allowed-origins": ["*"]}, {})):
        house = await serve(upstream, config=config)
        answered = await house.post({**headers, "sec-fetch-site": "cross-site"})
        assert answered.status_code == 200


async def test_a_listed_page_may_call_every_spelling(serve, upstream):
    house = await serve(upstream, config={"allowed-origins": ["https://app.example"]})
    for family in FAMILIES:
        told = {"origin": "https://app.example", "access-control-request-method": "POST"}
        answered = await house.client.options(f"{family}/responses", headers=told)
        assert answered.headers["access-control-allow-origin"] == "https://app.example"
        assert (
            await house.client.post(f"{family}/responses", json=BODIES["/v1/responses"], headers=told)
        ).status_code == 200


async def test_a_paused_stream_of_a_half_closed_client_is_byte_for_byte(house, upstream):
    """A zero that was sent between two chunks belongs to the next one's length."""
    upstream.script(text_answer("Hello there").after(5, Pause()))
    plain = await house.wire()
    await plain.ask()
    [request] = await upstream.wait_for_requests(1)
    await request.wait_paused()
    plain.writer.write_eof()
    await asyncio.sleep(0.7)  # two bytes were sent to look whether it is there
    request.resume()
    body = (await read_all(plain)).partition(b"\r\n\r\n")[2]
    events, rest = b"", body
    while size := int(rest.partition(b"\r\n")[0], 16):
        data = rest.partition(b"\r\n")[2]
        events, rest = events + data[:size], data[size + 2 :]
    assert b"0000" not in events
    assert events.count(b"event: response.completed") == 1
