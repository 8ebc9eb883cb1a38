"""What the tests of Messages requests share."""

import re
from collections.abc import Callable
from typing import Any

import orjson
import pytest
from jackfield.dialects.base import Parsed
from jackfield.dialects.messages.request import parse_messages
from jackfield.model.errors import ClientError
from jackfield.testing.upstream_rules import REJECTED, check_upstream_request

Translate = Callable[..., Parsed]


def _translate(messages: Any = "hi", *, headers: dict[str, str] | None = None, **request: Any) -> Parsed:
    if isinstance(messages, str):
        messages = [{"role": "user", "content": messages}]
    body = {"model": "claude-test", "max_tokens": 100, "messages": messages, **request}
    parsed = parse_messages(orjson.dumps(body), headers or {})
    sent = {key: value for key, value in parsed.body.items() if key not in REJECTED}  # as executors do
    check_upstream_request({"model": "gpt-5", **sent})
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{1,64}", item["name"]) for item in parsed.body["input"] if "name" in item)
    return parsed


def _refused(messages: Any = "hi", **request: Any) -> ClientError:
    with pytest.raises(ClientError) as caught:
        _translate(messages, **request)
    assert caught.value.anthropic_status == 400
    assert caught.value.kind.words.anthropic_type == "invalid_request_error"
    return caught.value


@pytest.fixture
def translate() -> Translate:
    """Translate a request, given by its messages and other fields, and check that every upstream would accept it."""
    return _translate


@pytest.fixture
def refused() -> Callable[..., ClientError]:
    """Return the 400 that a request gets."""
    return _refused


@pytest.fixture
def items() -> Callable[..., list[dict[str, Any]]]:
    """Translate messages and return the input items."""
    return lambda *messages, **request: _translate(list(messages), **request).body["input"]
