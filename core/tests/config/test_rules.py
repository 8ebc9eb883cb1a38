from __future__ import annotations

import pytest
from jackfield.config import Document, Loaded, core_schema, load
from jackfield.model.errors import ConfigError, Problem

CANARY = "sk-canary-0123456789"

SCHEMA = core_schema()


def given_text(text: str, **environ: str) -> Loaded:
    return load(Document.parse(text), SCHEMA, environ=environ)


def refused(text: str, **environ: str) -> list[Problem]:
    with pytest.raises(ConfigError) as caught:
        given_text(text, **environ)
    return list(caught.value.problems)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "example.org"])
def test_an_open_proxy_beyond_loopback_is_refused_with_the_reason(host: str) -> None:
    [problem] = refused(f"port: 1\nhost: '{host}'")

    assert (problem.path, problem.line) == ("host", 2)
    assert "other machines" in problem.message
    assert "api-keys" in problem.fix


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.8.8.8", "::1"])
def test_loopback_may_be_open(host: str) -> None:
    assert given_text(f"host: '{host}'").settings.host == host


def test_a_key_opens_the_way_beyond_loopback() -> None:
    assert given_text(f"host: 0.0.0.0\napi-keys: [{CANARY}]").warnings == ()


def test_a_short_client_key_is_a_warning_that_does_not_show_it() -> None:
    [warning] = given_text("api-keys: [hunter2]").warnings

    assert warning.path == "api-keys[0]"
    assert "hunter2" not in str(warning)


@pytest.mark.parametrize("key", ["your-client-key-0123456789", "sk-EXAMPLE-0123456789", "change-me-please-now"])
def test_keys_copied_from_an_example_are_refused(key: str) -> None:
    for text in (f"api-keys: [{key}]", f"remote-management: {{secret-key: {key}}}"):
        [problem] = refused(text)
        assert "example" in problem.message


@pytest.mark.parametrize("url", ["http://a\x1b:1", "http://[::1", "http://a:x", "http://xn--"])
def test_a_proxy_is_a_url_that_can_be_called(url: str) -> None:
    [problem] = refused("proxy-url: env:PROXY", PROXY=url.replace("\x1b", "\u0085"))

    assert problem.path == "proxy-url"


def test_a_proxy_is_a_url_whose_password_is_not_told() -> None:
    [problem] = refused(f"proxy-url: ftp://me:{CANARY}@localhost")

    assert problem.path == "proxy-url"
    assert CANARY not in str(problem)
    proxied = given_text("proxy-url: env:PROXY", PROXY="socks5://localhost:1080").settings
    assert proxied.proxy_url == "socks5://localhost:1080"
