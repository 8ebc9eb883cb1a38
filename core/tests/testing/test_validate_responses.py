import pytest
from jackfield.testing import (
    SendEvent,
    failed,
    play,
    reasoning,
    response_json,
    text_answer,
    validate_response,
    validate_responses_stream,
)

SCRIPT = text_answer("Hello there")


def test_a_good_stream_passes():
    assert validate_responses_stream(SCRIPT.body).text == "Hello there"
    assert validate_responses_stream(reasoning("Hm").body).thinking == "Hm"


def test_codes_of_errors_are_an_open_set():
    validate_responses_stream(failed("upstream_stream_cut", "gone").body, end="response.failed")


def test_names_must_be_there():
    with pytest.raises(AssertionError, match=r"event 0 is named '', but its type is 'response.created'"):
        validate_responses_stream(SCRIPT.styled(named=False).body)
    validate_responses_stream(SCRIPT.styled(named=False).body, named=False)


def test_every_event_must_fit_its_model():
    events = SCRIPT.events
    del events[3]["item_id"]
    with pytest.raises(
        AssertionError, match="event 3 does not fit ResponseContentPartAddedEvent: item_id: Field required"
    ):
        validate_responses_stream(play(events).body)


def test_unknown_types_pass_only_when_allowed():
    body = SCRIPT.after(1, SendEvent({"type": "relay.limits"})).body
    with pytest.raises(AssertionError, match=r"does not know: 'relay.limits'"):
        validate_responses_stream(body)
    validate_responses_stream(body, unknown=True, gaps=True)


def test_the_events_together_are_judged_too():
    with pytest.raises(AssertionError, match=r"ends without response.completed"):
        validate_responses_stream(play(SCRIPT.events[:-1]).body)


def test_what_is_no_event_is_told():
    with pytest.raises(AssertionError, match="no object with a type"):
        validate_responses_stream(b"data: [DONE]\n\n")


def test_json_answers():
    validate_response(response_json(status="completed"))
    with pytest.raises(AssertionError, match="the answer does not fit Response: output"):
        validate_response(response_json(output="text"))
