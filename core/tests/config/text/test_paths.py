from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from jackfield.config.text import paths

STEPS = st.one_of(st.text(min_size=1, max_size=12), st.integers(min_value=0, max_value=999))


def test_places_read_as_people_write_them() -> None:
    assert paths.text(("tppc", "providers", 0, "base-url")) == "tppc.providers[0].base-url"
    assert paths.text(("headers", "x.y")) == 'headers["x.y"]'
    assert paths.text(()) == ""


@given(st.lists(STEPS, max_size=6).map(tuple))
def test_a_place_is_read_back_as_it_was_written(path: paths.Path) -> None:
    assert paths.parse(paths.text(path)) == path


def test_overlap_is_being_the_same_or_inside() -> None:
    assert paths.overlap(("a",), ("a", "b"))
    assert paths.overlap(("a", "b"), ("a",))
    assert not paths.overlap(("a", "b"), ("a", "c"))
