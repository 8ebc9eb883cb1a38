"""The limit on visible tokens: exact however the text is cut into pieces, and counted as seldom as can be."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jackfield.dialects import length
from jackfield.dialects.length import TokenLimit
from jackfield.dialects.tokens import count_texts

TEXTS = {
    "words": "The quick brown fox, they say, doesn't jump over 12345 lazy dogs.\n\nIt sleeps; all day! " * 12,
    "code": 'def f(a_b, *c):\n    return {"x": [1, 2.5], "why": f"{a_b!r}"}\n\n' * 12,
    "chinese": "狐狸跳过了懒狗，然后回家了。它睡了一整天！" * 12,
    "one word": "x" * 700,
    "emoji": "🦊🐶 " * 60,
}


def shown(text, limit, size):
    """Return what is let through of a text in pieces of a size, and whether that was the end."""
    held = TokenLimit(limit)
    out = []
    for start in range(0, len(text), size):
        out.append(held.take(text[start : start + size]))
        if held.over:
            break
    return "".join(out), held.over


@pytest.mark.parametrize("size", [1, 7, 100_000])
@pytest.mark.parametrize("limit", [1, 2, 10, 60])
@pytest.mark.parametrize("name", TEXTS)
def test_what_is_shown_has_no_more_tokens_and_one_character_more_would_have(name, limit, size):
    text = TEXTS[name]
    found, over = shown(text, limit, size)
    assert over
    assert text.startswith(found)
    assert count_texts([found]) <= limit < count_texts([text[: len(found) + 1]])


@pytest.mark.parametrize("size", [1, 5, 100_000])
@pytest.mark.parametrize("name", TEXTS)
def test_a_text_of_exactly_that_many_tokens_is_shown_whole(name, size):
    text = TEXTS[name]
    assert shown(text, count_texts([text]), size) == (text, False)


@given(st.text(max_size=200), st.integers(1, 50), st.integers(1, 30))
def test_any_text_is_cut_to_its_beginning_or_shown_whole(text, limit, size):
    found, over = shown(text, limit, size)
    assert text.startswith(found)
    assert over or found == text
    assert count_texts([found]) <= limit


def test_nothing_is_counted_before_the_bytes_could_reach_the_limit(monkeypatch):
    counted = []
    monkeypatch.setattr(length, "count_texts", lambda texts: counted.append(texts) or count_texts(texts))
    held = TokenLimit(32_000)
    for _ in range(3_000):
        held.take("ten bytes ")
    assert counted == []


def test_a_long_answer_is_counted_a_few_times_and_no_part_of_it_often(monkeypatch):
    sizes = []
    monkeypatch.setattr(length, "count_texts", lambda texts: sizes.append(len(texts[0])) or count_texts(texts))
    text = TEXTS["words"] * 100
    limit = count_texts([text]) + 1_000
    held = TokenLimit(limit)
    for start in range(0, len(text), 5):
        held.take(text[start : start + 5])
    assert not held.over
    assert len(sizes) < 100
    assert sum(sizes) < 2 * len(text)
