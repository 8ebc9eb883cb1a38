import copy
import logging
import traceback

import pytest
from jackfield.model.secret import MASK, Secret

VALUE = "sk-canary-0123456789"


@pytest.mark.parametrize("show", [str, repr, "{}".format, "{!r}".format, "%s".__mod__, lambda s: repr([s]), ascii])
def test_it_does_not_show_itself(show):
    assert "canary" not in show(Secret(VALUE))


def test_not_in_a_log_nor_in_a_traceback(caplog):
    secret = Secret(VALUE)
    logging.getLogger("x").warning("the key is %s", secret, extra={"key": secret})
    try:
        raise ValueError(secret)
    except ValueError:
        assert "canary" not in traceback.format_exc()
    assert MASK in caplog.text
    assert "canary" not in caplog.text


def test_the_value_is_there_for_who_asks():
    assert Secret(VALUE).reveal() == VALUE


@pytest.mark.parametrize(("value", "hint"), [(VALUE, "sk-c...89"), ("short", MASK), ("12345678901", MASK), ("", MASK)])
def test_a_hint_tells_its_owner_enough(value, hint):
    assert Secret(value).hint() == hint


def test_equal_values_are_equal_secrets():
    assert Secret("a") == Secret("a") != Secret("b")
    assert len({Secret("a"), Secret("a"), Secret("b")}) == 2
    assert Secret("a") != "a"
    assert copy.deepcopy(Secret("a")) == Secret("a")


def test_an_empty_one_is_false_and_shows_nothing():
    assert not Secret("")
    assert Secret("x")
    assert str(Secret("")) == ""
