"""M7, M4: what a client believes to be kept or done here is refused by name."""

import orjson
import pytest
from jackfield.dialects.messages import MessagesDialect
from jackfield.dialects.messages.errors import envelope
from jackfield.model.errors import ClientError

CREATE = {"type": "create"}
CONTINUE = {"type": "continue", "previous_message_id": "msg_1"}


@pytest.mark.parametrize("thread", [CREATE, CONTINUE, {}, {"type": "next_year"}, "msg_1", [], 0, False])
def test_any_thread_is_refused_in_the_words_that_the_sdks_know(refused, thread):
    failure = refused(thread=thread)
    error = envelope(failure)["error"]
    assert error["type"] == "invalid_request_error"
    assert error["message"].startswith("thread: ")
    assert error["details"] == {"error_code": "thread_unsupported_request", "unsupported": []}


def test_a_thread_is_refused_before_anything_else_is_looked_at(refused):
    failure = refused([{"role": "user", "content": []}], thread=CONTINUE)
    assert failure.detail.param == "thread"


@pytest.mark.parametrize("thread", [CREATE, CONTINUE])
def test_a_thread_is_not_counted(thread):
    body = {"model": "m", "messages": [{"role": "user", "content": "hi"}], "thread": thread}
    with pytest.raises(ClientError) as caught:
        MessagesDialect().count(orjson.dumps(body))
    assert envelope(caught.value)["error"]["details"]["error_code"] == "thread_unsupported_request"


def test_no_thread_is_no_thread(translate):
    assert translate(thread=None).body == translate().body


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("compaction", {"type": "summarize"}),
        ("compaction", {"type": "summarize", "instructions": "Briefly."}),
        ("container", "container_011"),
        ("container", {"id": "container_011", "skills": [{"type": "anthropic", "skill_id": "pdf"}]}),
    ],
)
def test_another_kind_of_answer_and_containers_are_refused_by_name(refused, field, value):
    failure = refused(**{field: value})
    assert failure.detail.param == field
    assert failure.message.startswith(f"{field}: ")
    assert "details" not in envelope(failure)["error"]


def test_what_is_asked_with_compaction_is_counted_all_the_same():
    body = {"messages": [{"role": "user", "content": "hi"}]}
    count = MessagesDialect().count
    assert count(orjson.dumps({**body, "compaction": {"type": "summarize"}})) == count(orjson.dumps(body))
