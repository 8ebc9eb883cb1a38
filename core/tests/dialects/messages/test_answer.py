import orjson
import pytest
from jackfield.dialects.messages.answer import MessagesCollector
from jackfield.dialects.messages.context import MessagesContext
from jackfield.model.errors import Kind, UpstreamError
from jackfield.responses.sse import Event
from jackfield.testing import Completed, Failed, Text, ToolCall, response_events


def collector(*events):
    made = MessagesCollector(MessagesContext("m"))
    made.feed([Event.of(event) for event in events])
    return made


def test_blocks_stand_in_the_order_of_the_output():
    late = response_events([Text("first"), ToolCall("f", {}, call_id="c")], Completed())
    swapped = [event for event in late if event.get("output_index") == 1]
    others = [event for event in late if event.get("output_index") != 1]
    made = collector(*others[:2], *swapped, *others[2:])
    assert [block["type"] for block in orjson.loads(made.result())["content"]] == ["text", "tool_use"]


def test_a_failure_is_raised_and_what_came_before_discarded():
    made = collector(*response_events([Text("half")], Failed("rate_limit_exceeded", "slow down")))
    assert made.done
    with pytest.raises(UpstreamError, match="slow down") as caught:
        made.result()
    assert caught.value.kind is Kind.RATE_LIMITED


def test_an_answer_without_an_end_is_no_answer():
    made = collector(*response_events([Text("half")]))
    assert not made.done
    with pytest.raises(UpstreamError) as caught:
        made.result()
    assert caught.value.kind is Kind.STREAM_CUT


def test_each_message_has_an_id_of_its_own_whatever_the_upstreams():
    ids = [orjson.loads(collector(*response_events([], Completed())).result())["id"] for _ in range(2)]
    assert ids[0].startswith("msg_")
    assert ids[0] != ids[1]
