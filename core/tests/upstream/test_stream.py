"""The events of an answer, whatever a relay made of them."""

import orjson
import pytest
from jackfield.model.errors import Kind, UpstreamError
from jackfield.testing import Text, ToolCall, answer, check_events, text_answer
from jackfield.upstream.stream import ResponsesStream


class Answered:
    """An UpstreamResponse of these pieces; an exception among them is raised in its place."""

    def __init__(self, *pieces):
        self.headers = {"x": "1"}
        self.pieces = list(pieces)
        self.ended = ""

    async def read(self):
        piece = self.pieces.pop(0) if self.pieces else b""
        if isinstance(piece, Exception):
            raise piece
        return piece

    async def body(self, limit):
        rest, self.pieces = b"".join(self.pieces), []
        return rest[:limit]

    async def finish(self):
        self.ended = "finished"

    async def aclose(self):
        self.ended = "closed"


async def batches(*pieces, limit=1_000_000):
    return [events async for events in ResponsesStream(Answered(*pieces), limit)]


async def test_what_one_read_brought_is_one_batch():
    found = await batches(b"data: {}\n\ndata: {} \n\nda", b"ta: {}  \n", b"\n")
    assert [[event.data for event in events] for events in found] == [[b"{}", b"{} "], [b"{}  "]]


async def test_no_batch_is_empty():
    assert await batches(b"\n\n", b": x", b"\n\n") != []
    assert all(await batches(b"\n\n", b"dat", b"a: {}\n\n", b"\n\n"))


async def test_an_unterminated_last_event_counts():
    found = await batches(b'data: {"type":"a"}')
    assert [event.type for events in found for event in events] == ["a"]


async def test_the_headers_are_the_answers():
    assert ResponsesStream(Answered()).headers == {"x": "1"}


async def test_a_failure_comes_after_what_came_before():
    stream = ResponsesStream(Answered(b"data: {}\n\n", UpstreamError(Kind.STREAM_CUT, "cut")))
    assert len(await anext(stream)) == 1
    with pytest.raises(UpstreamError, match="cut"):
        await anext(stream)


async def test_so_does_an_event_that_is_too_large():
    stream = ResponsesStream(Answered(b"data: {}\n\ndata: " + b"x" * 100, b"x"), 50)
    assert [event.data for event in await anext(stream)] == [b"{}"]
    for _ in range(2):
        with pytest.raises(UpstreamError, match="larger than 50 bytes") as caught:
            await anext(stream)
        assert caught.value.kind is Kind.STREAM_CUT


NOISE = [
    b"data: ping", b"data: [DONE]", b"data: 5", b"event: x\ndata: ping", b"event: keepalive", b"<p>Hi</p>", b"id: 7",
    b": \xff",
]  # fmt: skip


@pytest.mark.parametrize("noise", NOISE)
async def test_lines_of_no_meaning_are_left_out(noise):
    [events] = await batches(b"data: {}\n\n" + noise + b"\n\ndata: {}\n\n")
    assert [event.data for event in events] == [b"{}", b"{}"]


@pytest.mark.parametrize("kept", [b": ping\n\n", b'data: {"n":1}\n\n', b"event: x.y\ndata: {}\n\n"])
async def test_comments_and_unknown_events_are_not(kept):
    [[event]] = await batches(kept)
    assert event.raw == kept


DAMAGED = [
    b'event: response.output_text.delta\ndata: {"type":"response.output_text.delta","delta":"Hel',
    b'data: {"type":"response.output_text.delta","delta":"Hel',
    b'data: {"n":1,',
    b"event: response.completed\ndata: Hello",
]


@pytest.mark.parametrize("damaged", DAMAGED)
async def test_an_event_that_lost_its_end_ends_the_answer(damaged):
    stream = ResponsesStream(Answered(b"data: {}\n\n" + damaged + b"\n\ndata: {}\n\n", b"data: {}\n\n"))
    assert [event.data for event in await anext(stream)] == [b"{}"]
    for _ in range(2):
        with pytest.raises(UpstreamError, match="not JSON") as caught:
            await anext(stream)
        assert caught.value.kind is Kind.UPSTREAM_ERROR


@pytest.mark.parametrize("status", ["failed", "cancelled"])
async def test_an_end_that_calls_a_failure_complete_is_a_failure(status):
    [[event]] = await batches(
        b'data: {"type":"response.completed","response":{"status":"%s","error":{"code":"x"}}}\n\n' % status.encode()
    )
    assert event.type == event.json()["type"] == "response.failed"
    assert event.json()["response"]["error"] == {"code": "x"}


async def test_an_error_in_words_keeps_them():
    [[event]] = await batches(b"event: error\ndata: Boom\n\n")
    assert (event.type, event.json()["error"]) == ("error", {"message": "Boom"})


async def test_what_is_damaged_after_the_end_matters_no_more():
    [events] = await batches(b'data: {"type":"response.completed"}\n\ndata: {"x\n\n')
    assert events[0].type == "response.completed"


@pytest.mark.parametrize("cut", [1, 5, 10_000])
async def test_a_json_document_becomes_the_stream_it_should_have_been(cut):
    script = answer(Text("Hello"), ToolCall("read", {"n": 1}))
    document = b"\n " + orjson.dumps(script.events[-1]["response"])
    found = await batches(document[:cut], document[cut:])
    events = [event.json() for events in found for event in events]
    assert check_events(events).response == script.events[-1]["response"]


@pytest.mark.parametrize(
    ("document", "kinds"),
    [
        (b'{"status":"completed"}', ["response.created", "response.completed"]),
        (b'{"output":null,"status":"incomplete"}', ["response.created", "response.incomplete"]),
        (b'{"output":[{"type":"message"}],"status":"failed"}', ["response.created", "response.failed"]),
        (b'{"error":{"message":"Boom"}}', ["error"]),
        (b'{"error":{"message":"Boom"},"status":500}', ["error"]),
        (b'{"error":"Boom","output":[]}', ["error"]),
        (b'{"status":429,"message":"Boom"}', ["error"]),
        (b'{"status":{"code":1},"output":5}', ["error"]),
        (b'{"error":{"code":"x"},"status":"failed"}', ["response.created", "response.failed"]),
        (b'{"detail":"Boom"}', ["error"]),
    ],
)
async def test_other_documents(document, kinds):
    assert [event.type for events in await batches(document) for event in events] == kinds


@pytest.mark.parametrize("status", ["queued", "in_progress", "cancelled"])
async def test_a_response_that_has_not_ended_is_no_answer(status):
    with pytest.raises(UpstreamError, match=status) as caught:
        await batches(b'{"status":"%s","output":[]}' % status.encode())
    assert caught.value.kind is Kind.UPSTREAM_ERROR


async def test_an_error_with_a_type_of_its_own_is_an_error_all_the_same():
    [[event]] = await batches(b'{"type":"about:blank","title":"Gone","detail":"Boom"}')
    assert event.type == "error"
    assert event.json()["detail"] == "Boom"


async def test_a_document_that_is_nested_too_deeply_is_an_error():
    with pytest.raises(UpstreamError, match="not a response") as caught:
        await batches(b'{"output":%s}' % (b"[" * 300 + b"]" * 300))
    assert caught.value.kind is Kind.UPSTREAM_ERROR


@pytest.mark.parametrize("page", [b"<!DOCTYPE html><p>Hi", b"  <html>", b'{"cut": ', b"{}{}"])
async def test_a_page_is_an_error_that_says_where_to_look(page):
    with pytest.raises(UpstreamError, match="base-url") as caught:
        await batches(page)
    assert caught.value.kind is Kind.UPSTREAM_ERROR


@pytest.mark.parametrize(("read", "ended"), [(3, "closed"), (100, "finished")])
async def test_closing_before_the_last_event_drops_the_connection_and_after_it_lets_the_answer_end(read, ended):
    answered = Answered(*[step.encode() for step in text_answer().steps])
    stream = ResponsesStream(answered)
    for _ in range(min(read, len(answered.pieces))):
        await anext(stream)
    await stream.aclose()
    await stream.aclose()
    assert answered.ended == ended
    with pytest.raises(StopAsyncIteration):
        await anext(stream)
