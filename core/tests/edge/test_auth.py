import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jackfield.edge import auth
from jackfield.edge.auth import ClientKeys, presented_key
from jackfield.model.errors import ClientError, Kind
from jackfield.model.secret import Secret

A, B = "key-a-0123456789abcdef", "key-b-0123456789abcdef"


@pytest.mark.parametrize(
    ("headers", "key"),
    [
        ({}, ""),
        ({"authorization": f"Bearer {A}"}, A),
        ({"authorization": f"bearer   {A}  "}, A),
        ({"authorization": f"Basic {A}"}, ""),
        ({"authorization": A}, ""),
        ({"authorization": "Bearer"}, ""),
        ({"x-api-key": f" {A} "}, A),
        ({"x-goog-api-key": A}, A),
        ({"authorization": f"Bearer {A}", "x-api-key": A, "x-goog-api-key": A}, A),
        ({"authorization": "Basic eA==", "x-api-key": A}, A),
        ({"x-api-key": "", "x-goog-api-key": A}, A),
    ],
)
def test_the_key_is_found_in_every_form(headers, key):
    assert presented_key(headers) == key


@pytest.mark.parametrize("pair", [("authorization", "x-api-key"), ("x-api-key", "x-goog-api-key")])
def test_two_different_keys_are_refused(pair):
    headers = dict(zip(pair, ("Bearer " + A if pair[0] == "authorization" else A, B), strict=True))
    with pytest.raises(ClientError, match="two different") as caught:
        presented_key(headers)
    assert caught.value.kind is Kind.INVALID_API_KEY
    assert A not in str(caught.value)


def test_a_right_key_gives_a_short_digest():
    keys = ClientKeys([Secret(A), Secret(B)])
    assert keys.identify({"x-api-key": A}) == hashlib.sha256(A.encode()).hexdigest()[:12]
    assert keys.identify({"x-api-key": A}) != keys.identify({"x-api-key": B})


@pytest.mark.parametrize("key", ["", A[:-1], A + "x", A.upper(), "ü"])
def test_a_wrong_one_is_refused_without_being_repeated(key):
    with pytest.raises(ClientError) as caught:
        ClientKeys([Secret(A)]).identify({"x-api-key": key} if key else {})
    assert caught.value.openai_status == 401
    assert not key or key not in str(caught.value)


def test_without_keys_everybody_may_enter_and_is_told_apart():
    keys = ClientKeys([])
    assert keys.identify({}) == ""
    assert keys.identify({"x-api-key": A}) not in ("", keys.identify({"x-api-key": B}))


def test_every_key_is_compared_in_constant_time(monkeypatch):
    compared = []
    monkeypatch.setattr(auth.hmac, "compare_digest", lambda a, b: compared.append((a, b)) or a == b)
    ClientKeys([Secret(A), Secret(B)]).identify({"x-api-key": A})
    assert len(compared) == 2
    assert all(len(a) == len(b) == 32 for a, b in compared)


HEADER = st.text(st.characters(max_codepoint=255), max_size=30)


@given(
    st.dictionaries(
        st.sampled_from(["authorization", "x-api-key", "x-goog-api-key"]), HEADER | HEADER.map("Bearer {}".format)
    )
)
def test_any_headers_show_a_key_or_none_or_are_refused(headers):
    try:
        key = presented_key(headers)
    except ClientError as error:
        assert error.kind is Kind.INVALID_API_KEY  # noqa: PT017  # either way is right
    else:
        assert key == key.strip()
        assert not key or any(key in value for value in headers.values())
