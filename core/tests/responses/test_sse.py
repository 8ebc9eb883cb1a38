from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jackfield.responses.json_depth import MAX_DEPTH
from jackfield.responses.sse import CROWD, DAMAGED, Event, EventTooLargeError, Splitter


def read(*chunks, limit=1_000_000):
    splitter = Splitter(limit)
    return [event for chunk in chunks for event in splitter.feed(chunk)] + splitter.close()


def shown(events):
    return [(event.type, event.data, event.raw) for event in events]


def test_an_event_has_its_bytes_its_type_and_its_data():
    [event] = read(b'event: response.created\ndata: {"type":"response.created","n":1}\n\n')
    assert event.raw == b'event: response.created\ndata: {"type":"response.created","n":1}\n\n'
    assert event.type == "response.created"
    assert event.data == b'{"type":"response.created","n":1}'
    assert event.json() == {"type": "response.created", "n": 1}


def test_it_is_there_as_soon_as_its_blank_line_is():
    splitter = Splitter()
    assert splitter.feed(b'data: {"type":"a"}\n') == []
    assert [event.type for event in splitter.feed(b"\ndata:")] == ["a"]


TYPES = {
    "only in the data": (b'data: {"type":"a"}', "a"),
    "not first in the data": (b'data: {"n":1,"type":"a"}', "a"),
    "with blanks": (b'data: { "type" : "a" }', "a"),
    "only in the name": (b'event: a\ndata: {"n":1}', "a"),
    "in both, differing": (b'event: response.x\ndata: {"type":"response.y"}', "response.y"),
    "in both, differing in a later place": (b'event: response.x\ndata: {"n":1,"type":"response.y"}', "response.y"),
    "name after the data": (b'data: {"n":1}\nevent: a', "a"),
    "in a nested object": (b'event: a\ndata: {"n":{"type":"b"}}', "a"),
    "no text": (b'event: a\ndata: {"type":5}', "a"),
    "empty": (b'event: a\ndata: {"type":""}', "a"),
    "escaped": (b'data: {"type":"\\u0061"}', "a"),
    "nowhere": (b'data: {"n":1}', "message"),
    "no JSON": (b"data: [DONE]", ""),
    "no JSON, with a name": (b"event: a\ndata: [DONE]", ""),
    "no object": (b"data: [1]", ""),
    "an error in words": (b"event: error\ndata: Boom", "error"),
    "half an error": (b'event: error\ndata: {"error":', "error"),
    "half a character": (b'event: response.x\ndata: {"type":"response.x","delta":"\xc3"}', "response.x"),
    "half a character without a name": (b'data: {"type":"response.x","delta":"\xc3"}', "response.x"),
    "half a character before the type": (rb'data: {"delta":"\ud83d","type":"response.x"}', "response.x"),
    "whole ones": ('event: response.x\ndata: {"type":"response.x","delta":"é中"}'.encode(), "response.x"),
    "half of a JSON object": (b'data: {"type":"response.x","delta":"He', DAMAGED),
    "half of one with its name": (b'event: response.x\ndata: {"type":"response.x","delta":"He', DAMAGED),
    "a name of the API, and no JSON": (b"event: response.x\ndata: He", DAMAGED),
    "an error without a type": (b'data: {"error":{"message":"Boom"}}', "error"),
    "an error without a type, with a name": (b'event: a\ndata: {"error":{}}', "a"),
    "no error": (b'data: {"error":null}', "message"),
    "a comment": (b": keep-alive", ""),
    "a name without data": (b"event: a", ""),
    "data without a blank": (b'data:{"type":"a"}', "a"),
    "several data lines": (b'data: {\ndata: "type":"a"}', "a"),
    "other fields": (b'id: 1\nretry: 5\ndata: {"type":"a"}', "a"),
}


@pytest.mark.parametrize(("block", "kind"), TYPES.values(), ids=TYPES)
@pytest.mark.parametrize("newline", [b"\n", b"\r\n", b"\r"], ids=["LF", "CRLF", "CR"])
def test_the_type_is_found_wherever_it_stands(block, kind, newline):
    [event] = read(block.replace(b"\n", newline) + newline * 2)
    assert event.type == kind


def test_data_that_is_no_object_reads_as_an_empty_one():
    assert [event.json() for event in read(b"data: [DONE]\n\ndata: 5\n\ndata: {\n\n: x\n\n")] == [{}, {}, {}, {}]


@pytest.mark.parametrize("depth", [MAX_DEPTH + 1, 300, 2000])
def test_data_that_is_nested_too_deeply_to_be_written_again_reads_as_an_empty_object(depth):
    [event] = read(b'data: {"type":"a","n":%s}\n\n' % (b"[" * (depth - 1) + b"]" * (depth - 1)))
    assert event.json() == {}
    assert event.type == "a" or depth > 1024


def test_many_brackets_side_by_side_are_no_depth():
    [event] = read(b'data: {"type":"a","n":[%s1]}\n\n' % (b"[]," * 1000))
    assert len(event.json()["n"]) == 1001


def test_several_data_lines_are_one_text():
    [event] = read(b"data: one\ndata:\ndata:  three\n\n")
    assert event.data == b"one\n\n three"


def test_blank_lines_between_events_are_no_events():
    assert len(read(b"\n\n\n\ndata: 1\n\n\n\n\r\n\r\ndata: 2\n\n\n")) == 2


def test_a_byte_order_mark_is_skipped_even_in_pieces():
    assert read(b"\xef", b"\xbb", b"\xbfdata: 1\n\n")[0].data == b"1"
    assert read(b"\xef\xbb\xbfdata: 1\n\n")[0].raw == b"data: 1\n\n"


def test_a_last_event_without_its_blank_line_counts_when_it_is_whole():
    assert [event.type for event in read(b'data: {"type":"a"}\n\ndata: {"type":"b"}')] == ["a", "b"]
    assert [event.type for event in read(b'data: {"type":"b"}\r\n')] == ["b"]


@pytest.mark.parametrize("rest", [b'data: {"type":"b', b"data:", b"event: b", b"", b"\n", b": x"])
def test_what_is_cut_is_no_event(rest):
    assert [event.type for event in read(b'data: {"type":"a"}\n\n' + rest)] == ["a"]


def test_closing_twice_gives_it_once():
    splitter = Splitter()
    splitter.feed(b'data: {"type":"a"}')
    assert len(splitter.close()) == 1
    assert splitter.close() == []


@pytest.mark.parametrize("end", [b"\n\n", b"\r\n\r\n", b""], ids=["LF", "CRLF", "not ended"])
@pytest.mark.parametrize("size", [1, 7, 10_000])
def test_one_event_may_be_as_large_as_the_limit(end, size):
    block = b'data: {"type":"' + b"x" * 82 + b'"}'
    stream = b"data: 1\n\n" + block + end
    chunks = [stream[start : start + size] for start in range(0, len(stream), size)]
    assert len(read(*chunks, limit=len(block) + 3)) == 2
    found, error = until_too_large(Splitter(len(block) - 1), chunks)
    assert f"larger than {len(block) - 1} bytes" in str(error)
    assert [event.data for event in found + error.before] == [b"1"]


def until_too_large(splitter, chunks):
    found = []
    for chunk in chunks:
        try:
            found += splitter.feed(chunk)
        except EventTooLargeError as error:
            return found, error
    pytest.fail("no event was too large")


def test_many_events_together_may_be_larger():
    assert len(read(b"data: 1\n\n" * 1000, limit=10)) == 1000


def test_an_event_can_be_made():
    event = Event.of({"type": "response.failed", "text": "ü"})
    assert event.raw == 'event: response.failed\ndata: {"type":"response.failed","text":"ü"}\n\n'.encode()
    assert shown(read(event.raw)) == shown([event])
    assert event.json() == {"type": "response.failed", "text": "ü"}


def test_its_data_is_parsed_once():
    [event] = read(b'data: {"type":"a","l":[]}\n\n')
    assert event.json() is event.json()


def test_a_log_does_not_show_what_it_says():
    assert "secret" not in repr(Event.of({"type": "a", "text": "secret"}))


LINE = st.sampled_from(
    [
        b'data: {"type":"response.output_text.delta","delta":"gr\xc3\xbc\xc3\x9fe \xe5\xaf\xb9"}',
        b"event: response.output_text.delta",
        b'data: {"n":1}',
        b'data:{"type":"x"}',
        b"data: [DONE]",
        b": comment",
        b"id: 7",
        b"data",
        b"",
        b"\xef\xbb\xbf",
        b"data: \xff\xfe",
    ]
)
END = st.sampled_from([b"\n", b"\r\n", b"\r", b"\n\n", b"\r\n\r\n", b"\r\r"])
STREAM = st.lists(st.tuples(LINE, END), max_size=12).map(lambda lines: b"".join(line + end for line, end in lines))


@given(STREAM, st.lists(st.integers(0, 400), max_size=20))
def test_a_cut_anywhere_changes_nothing(stream, cuts):
    edges = [0, *sorted(cut for cut in cuts if cut <= len(stream)), len(stream)]
    pieces = [stream[start:end] for start, end in pairwise(edges)]
    assert shown(read(*pieces)) == shown(read(stream))


@given(STREAM)
def test_byte_by_byte_is_the_same_as_at_once(stream):
    assert shown(read(*[stream[place : place + 1] for place in range(len(stream))])) == shown(read(stream))


@given(st.binary(max_size=200), st.integers(1, 50))
def test_no_bytes_make_it_fail(data, size):
    pieces = [data[start : start + size] for start in range(0, len(data), size)]
    assert shown(read(*pieces)) == shown(read(data))
    for event in read(data):
        assert isinstance(event.json(), dict)


def told(events):
    """Return what events say; a comment says nothing."""
    return [(event.type, event.data) for event in events if event.data]


@given(STREAM)
def test_what_is_sent_on_is_read_alike(stream):
    events = read(stream)
    again = read(b"".join(event.raw for event in events))
    assert told(again) == told(events)


def test_half_a_character_in_bytes_reaches_nobody():
    """U8: clients fail on bytes that are no UTF-8, so what goes on has U+FFFD in their place."""
    [event] = read(b'data: {"type":"response.x","delta":"\xe4\xb8"}\n\n')
    assert str(event.raw, "utf-8") == 'data: {"type":"response.x","delta":"\N{REPLACEMENT CHARACTER}"}\n\n'


def test_an_event_in_many_pieces_is_joined_once():
    """U1: a large event without a line end costs no more than its size."""
    splitter = Splitter(1000)
    pieces = [b"data: {}\n\ndata: [", *[b"1,"] * 400, b"1]\n", b"\n"]
    assert [event.data for piece in pieces for event in splitter.feed(piece)] == [b"{}", b"[" + b"1," * 400 + b"1]"]
    with pytest.raises(EventTooLargeError):
        [splitter.feed(piece) for piece in [b"data: [", *[b"1,"] * 600]]


def test_an_event_of_millions_of_small_lists_is_not_parsed():
    """C4: what is a 413 of a client's is no event of an upstream's."""
    data = b'{"type":"response.created","x":[' + b"[]," * 600_000 + b"1]}"
    [event] = Splitter().feed(b"event: response.created\ndata: " + data + b"\n\n")
    assert event.json() == {}


def test_a_crowd_of_lines_that_say_nothing_is_one():
    """U6: what stands between them stays, in its order."""
    noise = b": x\n\nid: 7\n\nretry: 3\n\n" * CROWD
    said = [b'data: {"type":"a"}\n\n', b': seen\ndata: {"type":"b"}\n\n', b'id: 8\ndata: {"type":"c"}\n\n']
    found = Splitter().feed(noise + said[0] + noise + said[1] + noise + said[2])
    assert [event.raw for event in found] == [b": x\n\n", *said]
