from __future__ import annotations

import pytest
from jackfield.config.schema.messages import nearest, shown, without_userinfo
from jackfield.config.schema.view import View

ANY = View.of({})


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (True, "true"),
        (3, "the number 3"),
        ("x", 'the text "x"'),
        ('say "x"\n', 'the text "say \\"x\\"\\n"'),
        ("x" * 41, "a longer text"),
        ([1], "a list"),
        ({"a": 1}, "a mapping"),
        (None, "nothing"),
        ("http://me:pass@host", 'the text "http://***@host"'),
    ],
)
def test_values_are_shown_briefly(value: object, words: str) -> None:
    assert shown(value, ANY) == words


@pytest.mark.parametrize(("value", "words"), [("hunter2", "text"), (12345, "a number")])
def test_a_secret_is_only_called_what_it_is(value: object, words: str) -> None:
    assert shown(value, View.of({"x-secret": True})) == words


def test_the_nearest_word_is_found_across_spellings() -> None:
    known = ["api-keys", "host", "log-format"]

    assert nearest("API_KEYS", known) == "api-keys"
    assert nearest("logformat", known) == "log-format"
    assert nearest("zebra", known) == ""


def test_only_the_user_of_a_url_is_masked() -> None:
    assert without_userinfo("https://host/path@x") == "https://host/path@x"
    assert without_userinfo("socks5://user:pw@host:1") == "socks5://***@host:1"
