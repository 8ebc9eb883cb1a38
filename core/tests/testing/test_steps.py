import pytest
from jackfield.responses.sse import Splitter
from jackfield.testing import Close, Delay, Hang, Pause, Reset, Script, Send, SendEvent, text_answer

SCRIPT = text_answer("grüße 你好 🙂")


def read(script):
    return [event.json() for event in Splitter().feed(script.body)]


def test_an_event_on_the_wire():
    event = SendEvent({"type": "x", "text": "ü"})
    assert event.encode() == 'event: x\ndata: {"type":"x","text":"ü"}\n\n'.encode()
    assert SendEvent({"type": "x"}, named=False, newline="\r\n").encode() == b'data: {"type":"x"}\r\n\r\n'


def test_a_script_tells_its_events_and_its_body():
    assert read(SCRIPT) == SCRIPT.events
    assert SCRIPT.events[0]["type"] == "response.created"


@pytest.mark.parametrize("sizes", [(1,), (3, 1, 7), (10_000,)])
def test_rechunking_changes_no_byte(sizes):
    script = SCRIPT.rechunked(*sizes)
    assert script.body == SCRIPT.body
    assert [len(step.data) for step in script.steps[: len(sizes)]] == [min(size, len(SCRIPT.body)) for size in sizes]


def test_rechunking_leaves_other_steps_where_they_stood():
    script = Script((Send(b"abc"), Pause(), Send(b"d"), Send(b"ef"))).rechunked(2)
    assert script.steps == (Send(b"ab"), Send(b"c"), Pause(), Send(b"de"), Send(b"f"))


def test_split_cuts_at_offsets():
    script = Script((Send(b"abc"), Send(b"def"))).split(1, 4)
    assert script.steps == (Send(b"a"), Send(b"bcd"), Send(b"ef"))


def test_cutting_and_inserting_counts_events():
    assert SCRIPT.cut(2).events == SCRIPT.events[:2]
    assert SCRIPT.cut(2).steps[-1] == Close()
    assert SCRIPT.cut(0, Reset()).steps == (Reset(),)
    assert SCRIPT.after(1, Hang()).steps[1] == Hang()
    assert SCRIPT.commented().cut(1, Hang()).steps[1:] == (SCRIPT.steps[0], Hang())
    with pytest.raises(ValueError, match="not 99"):
        SCRIPT.cut(99)


def test_pacing_waits_before_every_event_but_the_first():
    script = SCRIPT.paced(0.5)
    assert script.steps[:4] == (SCRIPT.steps[0], Delay(0.5), SCRIPT.steps[1], Delay(0.5))
    assert script.steps.count(Delay(0.5)) == len(SCRIPT.events) - 1


def test_other_forms_carry_the_same_events():
    assert b"event:" not in SCRIPT.styled(named=False).body
    assert read(SCRIPT.styled(named=False)) == SCRIPT.events
    assert read(SCRIPT.styled(newline="\r\n")) == SCRIPT.events
    assert SCRIPT.commented(": hi").body.startswith(b": hi\n\nevent:")
    assert [event for event in read(SCRIPT.commented()) if event] == SCRIPT.events


def test_scripts_are_values():
    assert text_answer("a") == text_answer("a")
    assert text_answer("a") != text_answer("b")
    SCRIPT.then(Hang())
    assert Hang() not in SCRIPT.steps
