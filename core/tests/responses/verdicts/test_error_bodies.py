import pytest
from hypothesis import given
from hypothesis import strategies as st
from jackfield.redaction import LONGEST, mask
from jackfield.responses.verdicts.error_bodies import read, read_body

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["error", "detail", "message", "msg", "code", "type", "status", "resets_at", "x"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b'{"error":{"message":"m","type":"t","code":"c","param":"p"}}', "m"),
        (b'{"error":"m"}', "m"),
        (b'{"detail":"m"}', "m"),
        (b'{"detail":[{"loc":["body"],"msg":"one"},{"msg":"two"}]}', "one; two"),
        (b'{"detail":{"message":"m","code":"c"}}', "m"),
        (b'{"message":"m","code":7}', "m"),
        (b'[{"error":{"message":"m"}}]', "m"),
        (b'"m"', "m"),
        (b"plain words", "plain words"),
        (b"<!DOCTYPE html><html><body>secret stack</body></html>", ""),
        (b"  <html>", ""),
        (b'<?xml version="1.0"?><Error>x</Error>', ""),
        (b"", ""),
        (b"  \n", ""),
        (b"[]", ""),
        (b"{}", ""),
        (b"null", ""),
        (b'{"error":null,"message":"m"}', "m"),
        (b'{"error":{}}', ""),
    ],
)
def test_message_of_each_shape(body, message):
    assert read_body(body).message == message


def test_code_type_and_field_are_read():
    complaint = read({"error": {"message": "m", "type": "t", "code": 42, "param": "input"}})
    assert (complaint.code, complaint.type, complaint.param) == ("42", "t", "input")


@pytest.mark.parametrize(
    "secret",
    [
        "sk-proj-abcdefghijkl1234",
        "sk-ant-api03-abc_def-ghi",
        "Bearer abcdef.ghi-jkl",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl",
        "Basic dXNlcjpwYXNzd29yZA==",
        "https://user:hunter22@host/path",
    ],
)
def test_secrets_are_hidden(secret):
    told = mask(f"Incorrect API key provided: {secret}, see there")
    assert secret not in told
    assert "hunter22" not in told
    assert told.startswith("Incorrect API key provided: ")
    assert told.endswith("see there")


def test_ordinary_words_are_not_hidden():
    words = "Invalid value for 'input[3].id': expected an ID that begins with 'fc'. The task-based model asks why."
    assert mask(words) == words


def test_a_message_is_cut_and_has_no_control_characters():
    told = mask("a\x00b\x1bc" + "x" * 10_000)
    assert told.startswith("a b c")
    assert len(told) == LONGEST


@given(json_values)
def test_any_json_can_be_read(value):
    assert isinstance(read(value).message, str)


@given(st.binary(max_size=200))
def test_any_bytes_can_be_read(body):
    assert isinstance(read_body(body).message, str)
