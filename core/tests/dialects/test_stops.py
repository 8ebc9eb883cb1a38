import pytest
from hypothesis import given
from hypothesis import strategies as st
from jackfield.dialects.stops import MAX_COUNT, MAX_LENGTH, StopScanner, read_stops
from jackfield.model.errors import ClientError


def scan(stops, pieces):
    """Return what is shown and what was hit."""
    scanner = StopScanner(stops)
    shown = ""
    for piece in pieces:
        text, hit = scanner.feed(piece)
        shown += text
        if hit is not None:
            return shown, hit
    return shown + scanner.flush(), None


@pytest.mark.parametrize(
    ("stops", "pieces", "expected"),
    [
        (["END"], ["one END two"], ("one ", "END")),
        (["END"], ["one E", "N", "D two"], ("one ", "END")),
        (["END"], ["one EN", "d two"], ("one ENd two", None)),
        (["END"], ["one EN"], ("one EN", None)),
        (["ab", "abc"], ["xabc"], ("x", "ab")),
        (["bcd", "c"], ["abcd"], ("ab", "c")),
        (["c", "abc"], ["xabc"], ("x", "abc")),
        (["aab"], ["aa", "ab"], ("a", "aab")),
        (["\n\n"], ["a\n", "b\n", "\nc"], ("a\nb", "\n\n")),
        ([], ["any", "thing"], ("anything", None)),
        (["x"], [], ("", None)),
    ],
)
def test_first_match(stops, pieces, expected):
    assert scan(stops, pieces) == expected


def test_only_a_possible_beginning_is_held_back():
    scanner = StopScanner(["END"])
    assert scanner.feed("hello") == ("hello", None)
    assert scanner.feed(" E") == (" ", None)
    assert scanner.feed("x") == ("Ex", None)


@given(
    stops=st.lists(st.text("ab", min_size=1, max_size=4), max_size=4),
    pieces=st.lists(st.text("abc", max_size=4), max_size=8),
)
def test_how_the_text_is_cut_changes_nothing(stops, pieces):
    whole = "".join(pieces)
    assert scan(stops, pieces) == scan(stops, [whole]) == scan(stops, list(whole))


@given(
    stops=st.lists(st.text("ab", min_size=1, max_size=4), max_size=4),
    text=st.text("abc", max_size=20),
)
def test_shown_text_is_a_beginning_without_any_stop(stops, text):
    shown, hit = scan(stops, list(text))
    assert not any(stop in shown for stop in stops)
    assert text.startswith(shown + (hit or ""))
    assert (hit is None) == (not any(stop in text for stop in stops))


@pytest.mark.parametrize(
    ("value", "expected"),
    [(None, ()), ("", ()), ([], ()), ("END", ("END",)), (["a", "", "b", "a"], ("a", "b"))],
)
def test_read_stops(value, expected):
    assert read_stops(value, "stop") == expected


@pytest.mark.parametrize("value", [3, {}, True, ["a", 1], [None], ["x"] * (MAX_COUNT + 1), "x" * (MAX_LENGTH + 1)])
def test_wrong_stops_name_the_field(value):
    with pytest.raises(ClientError) as caught:
        read_stops(value, "stop")
    assert caught.value.detail.param == "stop"
