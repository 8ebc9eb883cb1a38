"""Which URLs of upstreams and proxies a configuration may hold."""

from __future__ import annotations

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jackfield_codex.urls import wrong_proxy, wrong_url


@pytest.mark.parametrize(
    "url", ["https://api.example.com/v1", "http://127.0.0.1:8080/", "HTTPS://A.example", "http://[::1]:1/v1/codex"]
)
def test_an_ordinary_url_is_fine(url: str) -> None:
    assert wrong_url(url) is None


@pytest.mark.parametrize(
    ("url", "what"),
    [
        ("api.example.com/v1", "with a host"),
        ("ftp://a/v1", "with a host"),
        ("http:///v1", "with a host"),
        ("http://a b/v1", "with a host"),
        ("http://a:99999/v1", "with a host"),
        ("http://a\x1bb/v1", "with a host"),
        ("http://\x80/v1", "with a host"),
        ("http://xn--/v1", "with a host"),
        ("http://u:p@a/v1", "user, password"),
        ("http://a/v1?", "query"),
        ("http://a/v1/responses/", "/responses"),
        ("http://169.254.169.254/latest", "metadata"),
        ("http://169.254.169。254/latest", "metadata"),
        ("http://2852039166/latest", "metadata"),
        ("http://0xa9.0xfe.169.254/latest", "metadata"),
        ("http://[::ffff:169.254.169.254]/latest", "metadata"),
        ("http://metadata.google.internal./latest", "metadata"),
    ],
)
def test_what_is_wrong_with_a_url_is_said(url: str, what: str) -> None:
    wrong = wrong_url(url)
    assert wrong is not None
    assert what in wrong.what
    assert wrong.mend


@pytest.mark.parametrize(
    "url", ["ftp://a:1", "http://a\x1b:1", "http://[::1", "socks5://a:x", "localhost:3128", "http://a "]
)
def test_a_proxy_that_cannot_be_called_is_refused(url: str) -> None:
    assert wrong_proxy(url) is not None


PIECES = st.sampled_from(
    ["a", "b.c", "@", ":", "/", "//", "\\", "?", "#", "%", "%00", "[", "]", "::1", ":80", ":99999", "\x00", "\x7f"]
) | st.sampled_from(
    ["é", "ß", "。", "xn--", "xn--a", "..", "169.254.169.254", "\u2100", "responses", " ", "\u200b", "_", '"', "{"]
)
RESTS = st.lists(PIECES | st.characters(), max_size=8).map("".join)


@given(st.sampled_from(["http://", "https://", "HTTP://", ""]), RESTS)
def test_a_url_that_is_fine_can_be_called_and_leads_nowhere_else(scheme: str, rest: str) -> None:
    if wrong_url(scheme + rest) is None:
        request = httpx.Request("POST", f"{(scheme + rest).removesuffix('/')}/responses")
        url = request.url
        assert url.scheme in ("http", "https")
        assert (url.userinfo, url.query, url.fragment) == (b"", b"", "")
        assert url.raw_host != b"169.254.169.254"


@given(st.sampled_from(["http://", "https://", "socks5://", "socks5h://"]), RESTS)
def test_a_proxy_that_is_fine_can_be_called(scheme: str, rest: str) -> None:
    if wrong_proxy(scheme + rest) is None:
        httpx.Proxy(scheme + rest)
