from jackfield.dialects.responses import ResponsesDialect
from jackfield.dialects.responses.stream import Passthrough
from jackfield.model.errors import ClientError, Kind
from jackfield.responses.sse import Event, Splitter
from jackfield.testing import text_answer


def test_events_go_on_byte_for_byte():
    raw = text_answer("grüße").commented().body
    events = Splitter().feed(raw)
    writer = Passthrough()
    assert writer.feed(events) == raw
    assert b"".join(writer.feed([event]) for event in events) == raw
    assert writer.feed([]) == b""
    assert not writer.done


def test_of_its_own_it_says_comments_alone():
    assert Passthrough().begin() == Passthrough().ping() == b": ping\n\n"


def test_the_dialect_brings_its_parts():
    dialect = ResponsesDialect()
    parsed = dialect.parse(b'{"model":"gpt-5","input":"Hi"}', {})
    assert dialect.writer(parsed, "maker").feed([Event.of({"type": "a"})]).startswith(b"event: a\n")
    reply = dialect.error(ClientError(Kind.FORBIDDEN, "no"), "req_1")
    assert (reply.status, reply.headers["x-request-id"]) == (403, "req_1")
    assert dialect.name == "responses"


def test_what_is_no_json_object_is_left_out_and_comments_are_not():
    wire = (
        b"event: response.created\ndata: {}\n\n: still here\n\ndata: no json\n\nevent: note\ndata: upstream busy\n\n"
        b'data: [1]\n\nevent: new.kind\ndata: {"a":1}\n\n'
    )
    told = Passthrough().feed(Splitter().feed(wire))
    assert told == (b'event: response.created\ndata: {}\n\n: still here\n\nevent: new.kind\ndata: {"a":1}\n\n')
