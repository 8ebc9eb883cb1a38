"""What the client says about a URL before it is called."""

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jackfield.upstream import called_host


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://api.example.com/v1", "api.example.com"),
        ("http://[::1]:8080", "::1"),
        ("https://straße.example", "xn--strae-oqa.example"),
        ("http://169.254.169。254", "169.254.169.254"),
        ("socks5://me:pw@localhost:1080", "localhost"),
        ("http://xn--", ""),
        ("http://a\x00b", ""),
        ("http://\x80", ""),
        ("http://a:0", ""),
        ("http://a:x", ""),
        ("", ""),
    ],
)
def test_the_host_is_the_one_that_is_called(url, host):
    assert called_host(url) == host


PIECES = st.sampled_from(
    ["http://", "https://", "a", "b.c", "@", ":", "/", "\\", "?", "#", "%", "%00", "[", "]", "::1", ":80", ":99999"]
) | st.sampled_from(
    ["\x00", "\x7f", "\t", "é", "ß", "。", "xn--", "xn--a", "..", "169.254.169.254", "\u2100", " ", "\u200b", "_"]
)


@given(st.lists(PIECES | st.characters(), max_size=8).map("".join))
def test_what_has_a_host_can_be_called(url):
    if host := called_host(url):
        request = httpx.Request("POST", httpx.URL(url))
        assert request.url.raw_host == host.encode()
