import posixpath
from urllib.parse import unquote_to_bytes

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jackfield.edge.request_guard import refusal
from jackfield.model.errors import Kind


def scope(raw, *headers):
    return {"type": "http", "path": raw, "raw_path": raw.encode(), "headers": [(name, b"1") for name in headers]}


HONEST = ["/", "/v1/responses", "/v1/models/gpt-5.6-sol", "/v1/models/fox/gpt-5", "/a..b", "/a.", "/.well", "/%20", "*",
          "/v1/models/fox%2Fgpt-5", "/models/a%2fb%2Fc", "/v1/v1/models/fox%2fgpt-5"]  # fmt: skip


@pytest.mark.parametrize("path", HONEST)
def test_an_honest_path_may_pass(path):
    assert refusal(scope(path)) is None


DISGUISED = ["//", "//v1/x", "/v1//x", "/v1/../x", "/..", "/.", "/v1/./x", "/v1%2fx", "/v1%2Fx", "/%2e%2e/x", "/%2E/x",
             "/a\\b", "/a%5cb", "/a%5Cb", "http://host/v1/x",
             "/v1/models%2Fx", "/v1/models/%2Fx", "/v1/models/a%2F%2fb", "/v1/models/a%2F..%2Fb", "/v1/models/%2e%2e",
             "/v1/models/a%5Cb", "/v2/models/a%2Fb", "/v1/models/a%2f."]  # fmt: skip


@pytest.mark.parametrize("path", DISGUISED)
def test_one_in_disguise_leads_nowhere(path):
    assert refusal(scope(path)).kind is Kind.NOT_FOUND


def test_a_server_that_gives_no_raw_path_is_looked_at_too():
    assert refusal({"type": "http", "path": "//x", "headers": []}).kind is Kind.NOT_FOUND
    assert refusal({"type": "http", "path": "/ü", "headers": []}) is None


@pytest.mark.parametrize(
    ("headers", "refused"),
    [((), False), ((b"content-length",), False), ((b"transfer-encoding",), False),
     ((b"content-length", b"transfer-encoding"), True)],
)  # fmt: skip
def test_a_body_has_one_length(headers, refused):
    found = refusal(scope("/x", *headers))
    assert (found is not None) is refused
    assert found is None or found.kind is Kind.INVALID_REQUEST


PIECES = st.sampled_from([b"/", b".", b"%2", b"f", b"e", b"a", b"\\", b"%", b"%5", b"c"])


@given(st.lists(PIECES | st.binary(max_size=3)).map(b"".join))
def test_any_path_that_may_pass_reads_the_same_to_everybody(raw):
    if refusal({"type": "http", "path": "/", "raw_path": raw, "headers": []}) is None and raw.startswith(b"/"):
        read = unquote_to_bytes(raw)
        assert posixpath.normpath(read) == (read.rstrip(b"/") or b"/")
        assert raw.count(b"/") == read.count(b"/")
