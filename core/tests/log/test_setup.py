import logging
import sys
from decimal import Decimal

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jackfield.config import Document, compose, core_schema, load
from jackfield.log import setup
from jackfield.log.setup import JsonFormatter, TextFormatter
from jackfield.model.secret import Secret

CONFIGURED = "configured-canary-without-a-pattern"


def record(message, *args, level=logging.WARNING, error=None, **extra):
    made = logging.LogRecord("jackfield.x", level, __file__, 1, message, args, None)
    made.created = 1_767_225_600.5
    if error is not None:
        try:
            raise error
        except type(error):
            made.exc_info = sys.exc_info()
    made.__dict__.update(extra)
    return made


@pytest.fixture(params=[TextFormatter, JsonFormatter], ids=["text", "json"])
def formatter(request):
    return request.param([CONFIGURED])


def test_a_line_of_text():
    line = TextFormatter().format(record("%s is %d", "it", 5, user="me", n=1))
    assert line == "2026-01-01T00:00:00.500+00:00 warning jackfield.x: it is 5 user=me n=1"


def test_a_line_of_json():
    line = JsonFormatter().format(record("%s is %d", "it", 5, user="me", n=1, deep={"a": [1]}))
    assert orjson.loads(line) == {
        "time": "2026-01-01T00:00:00.500+00:00",
        "level": "warning",
        "logger": "jackfield.x",
        "message": "it is 5",
        "user": "me",
        "n": 1,
        "deep": {"a": [1]},
    }


def test_decimals_are_numbers_with_their_zeros():
    figures = record("x", speed=Decimal("40.00"), none=Decimal("NaN"))
    assert JsonFormatter().format(figures).endswith('"speed":40.00,"none":"NaN"}')
    assert TextFormatter().format(figures).endswith("speed=40.00 none=NaN")


def test_what_is_no_json_is_shown_as_text():
    line = JsonFormatter().format(record("x", key=Secret("sk-canary-0123456789"), place=object))
    assert "canary" not in line
    assert "object" in orjson.loads(line)["place"]


CANARIES = [
    "sk-canary-0123456789",
    "Bearer canary-0123456789",
    "https://user:canary@host/x",
    "eyJcanary0123456789.canary.canary",
    CONFIGURED,
]


@pytest.mark.parametrize("canary", CANARIES)
@pytest.mark.parametrize(
    "make",
    [
        lambda canary: record("the key is %s", canary),
        lambda canary: record(f"{canary} at the start"),
        lambda canary: record("x", error=ValueError(f"the key is {canary}")),
        lambda canary: record("x", url=f"it is {canary}"),
        lambda canary: record("x", deep={"list": [f"it is {canary}"]}),
        lambda canary: record(f"two\nlines {canary}"),
    ],
    ids=["argument", "message", "traceback", "extra", "deep extra", "second line"],
)
def test_no_key_is_shown_wherever_it_stands(formatter, make, canary):
    assert "canary" not in formatter.format(make(canary))


def test_what_is_around_a_key_stays(formatter):
    assert "before" in formatter.format(record("before %s after", CONFIGURED))
    assert "after" in formatter.format(record("before %s after", CONFIGURED))


@pytest.mark.parametrize("forged", ["a\nb", "a\r\nb", "a\x1b[31mb", "a\x00b", "a\u2028b", "a\x85b"])
@pytest.mark.parametrize("place", ["message", "argument", "extra"])
def test_nobody_forges_a_line(formatter, forged, place):
    made = {
        "message": lambda: record(forged),
        "argument": lambda: record("%s", forged),
        "extra": lambda: record("x", name_of=forged),
    }[place]()
    line = formatter.format(made)
    assert len(line.splitlines()) == 1
    assert "\x1b" not in line
    assert "\x00" not in line


def test_a_traceback_keeps_its_form():
    lines = TextFormatter().format(record("it failed", error=KeyError("boom"))).split("\n")
    assert lines[0].endswith("it failed")
    assert lines[1] == "  Traceback (most recent call last):"
    assert lines[2].startswith("    File ")
    assert lines[3].startswith("      raise error")
    assert lines[-1] == "  KeyError: 'boom'"


def test_no_line_of_a_traceback_can_be_taken_for_an_entry():
    forged = "2026-01-01T00:00:00.500+00:00 info jackfield: all is well"
    lines = TextFormatter().format(record("it failed", error=ValueError(f"x\n{forged}"))).split("\n")
    assert lines[-1] == f"  {forged}"


def test_a_traceback_has_an_end(formatter):
    assert len(formatter.format(record("x", error=ValueError("y\n" * 1_000_000)))) < 20_000


def test_a_traceback_in_json_is_one_field():
    line = JsonFormatter().format(record("it failed", error=KeyError("boom")))
    assert "\n" not in line
    assert orjson.loads(line)["traceback"].endswith("KeyError: 'boom'")


def test_a_line_has_an_end(formatter):
    assert len(formatter.format(record("x" * 1_000_000))) < 20_000
    assert len(formatter.format(record("x", extra_field="y" * 1_000_000))) < 20_000


def test_an_argument_that_does_not_fit_loses_no_record(formatter):
    assert "%d" in formatter.format(record("%d", "x"))


@pytest.mark.parametrize("value", [10**40, "\ud800", float("nan"), {1: 2}, {"a": {5}}, b"x", None, True])
def test_any_extra_field_can_be_written(formatter, value):
    assert formatter.format(record("x", odd=value))


# -- putting it into effect


@pytest.fixture
def root():
    """Return the house's logger, and leave it as it was."""
    logger = logging.getLogger("jackfield")
    before = (list(logger.handlers), logger.level)
    yield logger
    logger.handlers, logger.level = before


def settings(**config):
    text = orjson.dumps(config).decode()
    return load(Document.parse(text), compose(core_schema(), {})).settings


def handlers(root):
    return [handler for handler in root.handlers if handler.get_name() == "jackfield"]


def test_configuring_twice_leaves_one_handler_with_the_newer_format(root):
    setup.configure(settings())
    assert isinstance(handlers(root)[0].formatter, TextFormatter)
    setup.configure(settings(**{"log-format": "json", "debug": True}))
    [handler] = handlers(root)
    assert isinstance(handler.formatter, JsonFormatter)
    assert root.level == logging.DEBUG


def test_every_secret_of_the_configuration_is_known_by_its_value(root):
    setup.configure(settings(**{"api-keys": [CONFIGURED], "proxy-url": "http://me:also-canary@proxy:3128"}))
    line = handlers(root)[0].formatter.format(record(f"{CONFIGURED} and http://me:also-canary@proxy:3128"))
    assert "canary" not in line


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.decimals() | st.text(st.characters()) | st.binary(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
SIGNS = st.sampled_from(["\n", "\r", "\u2028", "\x85", "\x1b[2J", CONFIGURED, "Bearer ", "%s", "%"])


@given(st.lists(SIGNS | st.text(st.characters(), max_size=8), max_size=6).map("".join), VALUES)
def test_any_message_and_any_value_is_one_line_without_the_secret(message, value):
    for formatter in (TextFormatter([CONFIGURED]), JsonFormatter([CONFIGURED])):
        line = formatter.format(record(message, value=value, user=message))
        assert len(line.splitlines()) == 1
        assert CONFIGURED not in line
        assert line.encode()
