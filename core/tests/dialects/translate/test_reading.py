"""Bodies and fields: any bytes give an object or a 400 that names the place."""

import contextlib

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jackfield.dialects.translate import fields
from jackfield.dialects.translate.reading import read_object
from jackfield.model.errors import ClientError
from jackfield.responses.json_depth import MAX_DEPTH


def failure(body: bytes) -> ClientError:
    with pytest.raises(ClientError) as caught:
        read_object(body)
    assert caught.value.openai_status == 400
    return caught.value


def test_an_object_is_read() -> None:
    assert read_object(b' {"model": "gpt-5"}\n') == {"model": "gpt-5"}


def test_half_a_character_and_a_byte_order_mark_are_read() -> None:
    """C10."""
    assert read_object(b'\xef\xbb\xbf{"a\\ud83d": ["\\ude00", "\xf0\x9f"]}') == {"a\ufffd": ["\ufffd", "\ufffd"]}


def test_many_small_parts_are_refused_before_they_are_parsed() -> None:
    """C4."""
    with pytest.raises(ClientError, match="1000000 brackets and commas") as caught:
        read_object(b'{"a":[' + b"[]," * 400_000 + b"[]]}")
    assert caught.value.openai_status == 413


@pytest.mark.parametrize("depth", [MAX_DEPTH + 1, 2000])
def test_a_long_body_may_nest_no_deeper_than_a_short_one(depth: int) -> None:
    text = b'"' + b"x" * 1_000_000 + b'"'

    assert read_object(b'{"a":[' + text + b"," + nested(MAX_DEPTH - 2) + b"]}")
    with pytest.raises(ClientError, match="deeper"):
        read_object(b'{"a":[' + text + b"," + nested(depth) + b"]}")


def test_malformed_json_is_told_with_line_and_column() -> None:
    assert "at line 2 column 7" in failure(b'{"a": 1,\n "b": x}').message


@pytest.mark.parametrize(
    "body", [b"", b"  \n", b"[]", b"null", b'"text"', b"\xff\xfe", b'{"a": NaN}', b'{"a": "\\ud800" x}']
)
def test_what_is_no_json_object_is_refused(body: bytes) -> None:
    assert failure(body).message


def nested(depth: int) -> bytes:
    return b'{"a":' * depth + b"1" + b"}" * depth


def test_nesting_is_read_up_to_the_limit_and_can_be_written_again() -> None:
    assert orjson.dumps([[[read_object(nested(MAX_DEPTH))]]])


@pytest.mark.parametrize("depth", [MAX_DEPTH + 1, 300, 2000, 100_000])
def test_deeper_nesting_is_refused(depth: int) -> None:
    assert "deep" in failure(nested(depth)).message or "depth" in failure(nested(depth)).message


@given(st.binary(max_size=60) | st.text(max_size=60).map(str.encode))
def test_any_bytes_give_an_object_or_a_client_error(body: bytes) -> None:
    with contextlib.suppress(ClientError):
        assert isinstance(read_object(body), dict)


OWNER = {"text": "a", "empty": "", "list": [{"a": 1}], "object": {}, "flag": True, "number": 1.5, "null": None}


def test_fields_of_the_right_type_are_returned() -> None:
    assert fields.get_text(OWNER, "text") == fields.need_text(OWNER, "text") == "a"
    assert fields.get_list(OWNER, "list") == fields.need_list(OWNER, "list") == [{"a": 1}]
    assert fields.get_object(OWNER, "object") == fields.need_object(OWNER, "object") == {}
    assert fields.get_flag(OWNER, "flag") is True
    assert fields.get_number(OWNER, "number") == 1.5


@pytest.mark.parametrize("key", ["null", "absent"])
def test_an_absent_field_gives_its_default(key: str) -> None:
    assert fields.get_text(OWNER, key) == ""
    assert fields.get_text(OWNER, key, default="x") == "x"
    assert fields.get_list(OWNER, key) == []
    assert fields.get_object(OWNER, key) == {}
    assert fields.get_flag(OWNER, key) is False
    assert fields.get_number(OWNER, key) is None
    assert fields.text_or_objects(OWNER.get(key), key) == []


@pytest.mark.parametrize("reader", [fields.need_text, fields.need_list, fields.need_object])
@pytest.mark.parametrize("key", ["null", "absent"])
def test_a_required_field_that_is_absent_is_named(reader: object, key: str) -> None:
    with pytest.raises(ClientError, match=rf"messages\[3\]\.{key}: this field is required") as caught:
        reader(OWNER, key, "messages[3]")  # type: ignore[operator]  # one of three functions
    assert caught.value.detail.param == f"messages[3].{key}"


@pytest.mark.parametrize(
    ("reader", "key", "message"),
    [
        (fields.get_text, "list", "list: must be a string, not a list"),
        (fields.need_text, "number", "number: must be a string, not a number"),
        (fields.need_text, "empty", "empty: must not be empty"),
        (fields.get_list, "object", "object: must be a list, not an object"),
        (fields.get_object, "text", "text: must be an object, not a string"),
        (fields.get_flag, "number", "number: must be true or false, not a number"),
        (fields.get_number, "flag", "flag: must be a number, not true or false"),
    ],
)
def test_a_field_of_the_wrong_type_is_named_with_both_types(reader: object, key: str, message: str) -> None:
    with pytest.raises(ClientError) as caught:
        reader(OWNER, key)  # type: ignore[operator]  # one of several functions
    assert caught.value.message == message
    assert caught.value.detail.param == key


def test_elements_of_a_list_come_with_their_paths() -> None:
    assert list(fields.objects([{"a": 1}, {}], "tools")) == [({"a": 1}, "tools[0]"), ({}, "tools[1]")]
    with pytest.raises(ClientError, match=r"tools\[1\]: must be an object, not null"):
        list(fields.objects([{}, None], "tools"))


def test_content_is_a_string_or_a_list_of_objects() -> None:
    assert fields.text_or_objects("hi", "content") == "hi"
    assert fields.text_or_objects([{"a": 1}], "content") == [({"a": 1}, "content[0]")]
    with pytest.raises(ClientError, match="content: must be a string or a list, not a number"):
        fields.text_or_objects(1, "content")
