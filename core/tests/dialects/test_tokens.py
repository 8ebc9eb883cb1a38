"""Counting tokens: exact where the vocabulary is there, near where it is not, and never a crash."""

import sys
from types import SimpleNamespace

import pytest
from jackfield.dialects import tokens

GOLDEN = [
    ("", 0),
    ("hello world", 2),
    ("你好，世界", 3),
    ("a" * 5000, 625),
    ("<|endoftext|>", 7),
    ("def add(a: int, b: int) -> int:\n    return a + b\n", 19),
]


@pytest.fixture(autouse=True)
def _fresh():
    tokens.load.cache_clear()
    yield
    tokens.load.cache_clear()


@pytest.mark.parametrize(("text", "count"), GOLDEN)
def test_counts_are_those_of_o200k(text, count):
    assert tokens.count_texts([text]) == count


def test_texts_are_counted_one_by_one_and_summed():
    assert tokens.count_texts([text for text, _ in GOLDEN]) == sum(count for _, count in GOLDEN)
    assert tokens.count_texts([]) == 0


def test_the_vocabulary_is_loaded_once():
    assert tokens.load() is tokens.load()


def test_a_megabyte_without_a_gap_is_counted():
    assert tokens.count_texts(["中" * 300_000]) == 300_000


class Words:
    """Stands in for bpe-openai: a token per character, and its limit."""

    def encode_ordinary(self, text):
        assert len(text) <= 200_000
        return list(text)


def test_without_toktok_the_other_library_counts_in_slices(monkeypatch):
    monkeypatch.setitem(sys.modules, "toktok", None)
    monkeypatch.setitem(sys.modules, "bpe_openai", SimpleNamespace(get_encoding=lambda name: Words()))
    assert tokens.count_texts(["a" * 450_001, "", "bc"]) == 450_003


def test_with_neither_the_bytes_tell(monkeypatch):
    monkeypatch.setitem(sys.modules, "toktok", None)
    monkeypatch.setitem(sys.modules, "bpe_openai", None)
    assert tokens.count_texts(["abc"]) == 1
    assert tokens.count_texts(["abcd"]) == 2
    assert tokens.count_texts(["é" * 18]) == 10
    assert tokens.count_texts([]) == 0
