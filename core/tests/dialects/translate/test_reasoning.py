"""Reasoning items leave a body by their maker, or all together."""

from jackfield.dialects.translate.reasoning import for_maker, without_reasoning


def reasoning(blob):
    return {"type": "reasoning", "summary": [], "encrypted_content": blob}


HELLO = {"type": "message", "role": "user", "content": []}
BODY = {"model": "m", "input": [HELLO, reasoning("F"), HELLO, reasoning("O"), reasoning("?")]}
MAKERS = {"F": "fox", "O": "owl", "U": ""}


def test_only_what_the_maker_made_stays_and_what_nobody_signed():
    assert for_maker(BODY, MAKERS, "fox") == {"model": "m", "input": [HELLO, reasoning("F"), HELLO, reasoning("?")]}
    assert for_maker(BODY, {"O": ""}, "fox") is BODY


def test_nothing_is_copied_when_nothing_goes():
    body = {"input": [HELLO, reasoning("F")]}
    assert for_maker(body, {"F": "fox"}, "fox") is body
    assert for_maker(body, {}, "owl") is body


def test_the_body_itself_is_not_changed():
    for_maker(BODY, MAKERS, "fox")
    without_reasoning(BODY)
    assert len(BODY["input"]) == 5


def test_all_reasoning_can_be_left_out():
    assert without_reasoning(BODY) == {"model": "m", "input": [HELLO, HELLO]}


def test_a_body_without_reasoning_is_returned_as_it_is():
    for body in ({"input": [HELLO]}, {"input": "hi"}, {}):
        assert without_reasoning(body) is body
