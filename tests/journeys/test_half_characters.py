"""U8: text of an upstream that is not well-formed Unicode, on the three routes, with and without a stream."""

import json

import pytest
from jackfield.testing import Script, Send, Text, ToolCall, answer, reply

LOST = "\N{REPLACEMENT CHARACTER}"
FACE = "😀"
PATHS = {"responses": "/v1/responses", "chat": "/v1/chat/completions", "messages": "/v1/messages"}
SAID = [{"role": "user", "content": "Hi"}]
BODIES = {
    "responses": {"input": "Hi"},
    "chat": {"messages": SAID},
    "messages": {"messages": SAID, "max_tokens": 100},
}
ALL = pytest.mark.parametrize(
    ("route", "stream"), [(route, stream) for route in PATHS for stream in (True, False)],
    ids=[f"{route} {kind}" for route in PATHS for kind in ("stream", "whole")],
)  # fmt: skip


def escaped(events):
    """Write events as a relay that escapes everything: halves of characters go out as they are."""
    lines = (f"event: {event['type']}\ndata: {json.dumps(event)}\n\n" for event in events)
    return Script(tuple(Send(line.encode()) for line in lines))


def put(value, places):
    """Return events in which each of these texts is another; a delta that becomes a list becomes several events."""
    if isinstance(value, dict):
        return {key: put(inner, places) for key, inner in value.items()}
    if isinstance(value, list):
        return [put(inner, places) for inner in value]
    return places.get(value, value) if isinstance(value, str) else value


def pieces(whole, *deltas, bare=False):
    """Return the events of a message that comes in these deltas, its text told as `whole` where it is done.

    `bare`: a relay that tells the text in its deltas alone.
    """
    made = []
    for event in answer(Text("@", deltas=["@"])).events:
        if event["type"].endswith(".delta"):
            made += [{**event, "delta": delta} for delta in deltas]
        elif not (bare and event["type"].endswith(".done")):
            made.append(put(event, {"@": whole}))
    if bare:
        made[-1]["response"]["output"] = []
    return made


async def ask(house, route, stream, **more):
    return await house.client.post(PATHS[route], json={"model": "gpt-5", "stream": stream, **BODIES[route], **more})


def bodies(answer):
    return [json.loads(line[6:]) for line in answer.text.splitlines() if line.startswith("data: {")]


def heard(route, stream, answer):
    """Return the text that a client of a route puts together, as JavaScript and Python put strings together."""
    if not stream:
        body = answer.json()
        if route == "responses":
            return "".join(part["text"] for item in body["output"] for part in item.get("content", ()))
        if route == "chat":
            return body["choices"][0]["message"]["content"]
        return "".join(block["text"] for block in body["content"])
    found = ""
    for body in bodies(answer):
        if route == "chat":
            found += "".join(choice["delta"].get("content") or "" for choice in body["choices"])
        elif body["type"] in ("response.output_text.delta", "content_block_delta"):
            found += body["delta"] if route == "responses" else body["delta"].get("text", "")
    return found.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")


@ALL
@pytest.mark.parametrize("bare", [False, True], ids=["", "deltas alone"])
async def test_halves_in_two_deltas_are_one_emoji(house, upstream, route, stream, bare):
    upstream.script(escaped(pieces(f"a {FACE} b", "a \ud83d", "\ude00 b", bare=bare)))
    answer = await ask(house, route, stream)
    assert (answer.status_code, heard(route, stream, answer)) == (200, f"a {FACE} b")


@ALL
async def test_halves_in_two_deltas_of_which_one_is_nothing_else(house, upstream, route, stream):
    upstream.script(escaped(pieces(f"{FACE}{FACE}!", "\ud83d", "\ude00\ud83d", "\ude00!")))
    answer = await ask(house, route, stream)
    assert (answer.status_code, heard(route, stream, answer)) == (200, f"{FACE}{FACE}!")


@pytest.mark.parametrize("stream", [True, False], ids=["stream", "whole"])
@pytest.mark.parametrize("route", ["chat", "messages"])
@pytest.mark.parametrize("bare", [False, True], ids=["", "deltas alone"])
@pytest.mark.parametrize("deltas", [("a \ud83d",), ("a ", "\ud83d"), ("a \ud83d", "")])
async def test_a_half_that_stays_alone_is_replaced(house, upstream, route, stream, deltas, bare):
    upstream.script(escaped(pieces("".join(deltas), *deltas, bare=bare)))
    answer = await ask(house, route, stream)
    assert (answer.status_code, heard(route, stream, answer)) == (200, f"a {LOST}")


async def test_a_responses_answer_without_a_stream_has_it_replaced_too(house, upstream):
    upstream.script(escaped(pieces("a \ud83d", "a \ud83d")))
    answer = await ask(house, "responses", False)
    assert (answer.status_code, heard("responses", False, answer)) == (200, f"a {LOST}")


async def test_bytes_that_pass_unread_stay_as_they_are(house, upstream):
    script = escaped(pieces(f"a {FACE} b", "a \ud83d", "\ude00 b"))
    upstream.script(script)
    assert (await ask(house, "responses", True)).content == script.body


@ALL
async def test_halves_of_different_items_are_not_joined(house, upstream, route, stream):
    script = answer(Text("@", deltas=["@"]), Text("#", deltas=["#"]))
    upstream.script(escaped(put(list(script.events), {"@": "a\ud83d", "#": "\ude00b"})))
    got = await ask(house, route, stream)
    text = heard(route, stream, got)
    assert got.status_code == 200
    assert (stream and route == "responses") or FACE not in text
    assert text.replace("\n", "") in (f"a{LOST}{LOST}b", f"a{FACE}b")


@ALL
async def test_tool_arguments(house, upstream, route, stream):
    call = answer(ToolCall("read", '{"n":"@"}', deltas=1))
    upstream.script(escaped(put(list(call.events), {'{"n":"@"}': '{"n":"\ud83d"}'})))
    got = await ask(house, route, stream)
    assert got.status_code == 200, got.text
    assert "read" in got.text
    assert "error" not in [body.get("type") for body in bodies(got)]


@pytest.mark.parametrize("stream", [True, False], ids=["stream", "whole"])
async def test_tool_arguments_whose_own_escapes_hold_a_half(house, upstream, stream):
    upstream.script(answer(ToolCall("read", r'{"n":"\ud83d"}')))
    got = await ask(house, "messages", stream)
    assert got.status_code == 200
    if not stream:
        assert got.json()["content"][0]["input"] == {"n": LOST}


@ALL
@pytest.mark.parametrize(
    "data", [rb'{"\ud83d":1,"type":"response.new_thing"}', rb'{"type":"x","\ude00":[{"title":"\ud83d"}]}']
)
async def test_keys_and_events_that_nobody_knows(house, upstream, route, stream, data):
    upstream.script(answer(Text("Hello")).first(Send(b"data: " + data + b"\n\n")))
    got = await ask(house, route, stream)
    assert (got.status_code, heard(route, stream, got)) == (200, "Hello")


@ALL
async def test_the_title_of_a_search_result(house, upstream, route, stream):
    script = answer(Text("Hello", citations=[("http://a.example/", "@")]))
    upstream.script(escaped(put(list(script.events), {"@": "cut \ud83d"})))
    got = await ask(house, route, stream)
    assert (got.status_code, heard(route, stream, got)) == (200, "Hello")


@ALL
async def test_half_a_character_in_bytes(house, upstream, route, stream):
    body = answer(Text("a@", deltas=["a@"])).body.replace(b"@", b"\xe4\xb8")
    upstream.script(Script((Send(body),)))
    got = await ask(house, route, stream)
    assert (got.status_code, heard(route, stream, got)) == (200, f"a{LOST}")


@ALL
async def test_one_json_document_in_the_place_of_a_stream(house, upstream, route, stream):
    response = put(answer(Text("@")).events[-1]["response"], {"@": "a \ud83d"})
    upstream.script(reply(json.dumps(response), 200, "application/json"))
    got = await ask(house, route, stream)
    assert (got.status_code, heard(route, stream, got)) == (200, f"a {LOST}")


async def test_an_error_whose_words_hold_a_half(house, upstream):
    upstream.script(
        reply(rb'{"error":{"message":"Cut \ud83d","code":"context_length_exceeded"}}', 400, "application/json")
    )
    got = await ask(house, "responses", False)
    assert (got.status_code, got.json()["error"]["code"]) == (400, "context_length_exceeded")
