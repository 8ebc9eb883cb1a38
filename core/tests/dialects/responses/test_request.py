import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jackfield.dialects.responses.request import parse
from jackfield.model.errors import ClientError

USER = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Hi"}]}


def read(headers=None, **fields):
    return parse(orjson.dumps({"model": "gpt-5", "input": "Hi", **fields}), headers or {})


def test_what_the_pipeline_needs_to_know():
    parsed = read(stream=True, temperature=1)
    assert (parsed.model, parsed.stream) == ("gpt-5", True)
    assert parsed.body["input"] == [USER]
    assert parsed.body["temperature"] == 1  # leaving out what an upstream refuses is its executor's business
    assert not read().stream
    assert not read(stream=None).stream


def test_items_are_kept_as_they_are():
    items = [USER, {"type": "of_tomorrow", "deep": [1]}]
    assert read(input=items).body["input"] == items


def test_the_session_is_the_clients_own_name_for_it():
    headers = {"session_id": "a", "session-id": "b", "conversation_id": "c", "thread-id": "d"}
    assert read(headers, prompt_cache_key="own").session == "own"
    for name in list(headers):
        assert read(headers).session == headers[name]
        del headers[name]
    assert len(read().session) == 32


@pytest.mark.parametrize("key", ["", None, 5, []])
def test_a_key_that_is_no_name_is_none(key):
    assert read({"session_id": "a"}, prompt_cache_key=key).session == "a"


def test_an_invented_session_depends_on_model_instructions_and_first_words():
    base = read().session
    assert read(input=[USER, {"role": "assistant", "content": "Yes?"}, USER]).session == base
    assert read(input=[{"role": "developer", "content": "x"}, USER]).session == base
    for other in ({"input": "Ho"}, {"instructions": "x"}, {"model": "gpt-5-codex"}):
        assert read(**other).session != base


def test_two_conversations_without_a_user_are_told_apart():
    call = {"type": "function_call_output", "call_id": "a", "output": "x"}
    assert read(input=[call]).session == read(input=[{**call, "id": "fco_1"}]).session
    assert read(input=[call]).session != read(input=[{**call, "output": "y"}]).session


@pytest.mark.parametrize("field", ["previous_response_id", "conversation", "prompt"])
def test_a_reference_to_what_nobody_remembers_is_refused_by_name(field):
    for items in ([USER], [{"role": "assistant", "content": "Yes?"}, USER]):
        with pytest.raises(ClientError) as caught:
            read(input=items, **{field: "x"})
        assert caught.value.detail.param == field
    assert read(**{field: None})
    assert read(**{field: ""})


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=10,
)
FIELDS = ("model", "input", "stream", "instructions", "prompt_cache_key", "previous_response_id", "reasoning")


@given(
    st.dictionaries(st.sampled_from(FIELDS), JSON | st.lists(st.dictionaries(st.text(max_size=4), JSON), max_size=3))
)
def test_any_json_is_read_or_refused(body):
    try:
        parsed = parse(orjson.dumps(body), {})
    except (ClientError, orjson.JSONEncodeError):
        return
    assert parsed.model
    assert parsed.body["input"]


@given(st.binary(max_size=100))
def test_any_bytes_are_read_or_refused(body):
    with pytest.raises(ClientError):
        parse(body, {})
