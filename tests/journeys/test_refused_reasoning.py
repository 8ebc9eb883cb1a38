"""Encrypted reasoning that a relay refuses, in whatever words, is left out once and from then on (L3)."""

import orjson
import pytest
from jackfield.testing import failed, http_error, json_reply, text_answer

USER = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Hi"}]}
OLD = {"type": "reasoning", "summary": [], "encrypted_content": "gAAAAold"}
NEW = {"type": "reasoning", "summary": [], "encrypted_content": "gAAAAnew"}
SAID = {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "Yes?"}]}
COMPACTED = {"type": "compaction", "encrypted_content": "gAAAAcompaction"}

INNER = {"error": {"message": "The encrypted content could not be verified", "code": "invalid_encrypted_content"}}
REFUSALS = {
    "the API's code": http_error(400, "No", code="invalid_encrypted_content", kind="invalid_request_error"),
    "words alone": json_reply({"error": {"code": None, "message": "The encrypted content could not be verified"}}, 400),
    "422": json_reply({"error": {"code": None, "message": "Encrypted content could not be decrypted"}}, 422),
    "JSON in a string": json_reply(
        {"error": {"code": "upstream_error", "message": f"status 400: {orjson.dumps(INNER).decode()}"}}, 400
    ),
    "in the stream": failed("invalid_encrypted_content", "The encrypted content could not be verified"),
    "in the stream, in words": failed("upstream_error", "The encrypted content gAAA could not be parsed"),
}


def kinds(request):
    return [item.get("encrypted_content") or item["type"] for item in request.json()["input"]]


@pytest.mark.parametrize("refusal", REFUSALS.values(), ids=REFUSALS)
@pytest.mark.parametrize("stream", [True, False])
async def test_it_is_asked_once_more_without_reasoning(house, upstream, refusal, stream):
    """L3: compaction items stay."""
    upstream.script(refusal, text_answer())
    answered = await house.post(input=[USER, COMPACTED, OLD, SAID, USER], stream=stream)
    assert answered.status_code == 200, answered.text
    one, two = upstream.requests
    assert kinds(one) == ["message", "gAAAAcompaction", "gAAAAold", "message", "message"]
    assert kinds(two) == ["message", "gAAAAcompaction", "message", "message"]


async def test_the_next_turn_is_not_refused_first(house, upstream):
    """L3: remembered for the conversation; reasoning that came since is sent."""
    upstream.script(REFUSALS["words alone"])
    await house.post(input=[USER, OLD, SAID, USER])
    await house.post(input=[USER, OLD, SAID, USER, NEW, SAID, USER])
    assert len(upstream.requests) == 3
    assert kinds(upstream.last) == ["message", "message", "message", "gAAAAnew", "message", "message"]


async def test_another_account_gets_it_all_the_same(serve, upstream, second):
    """L3: it may be the one that made it."""
    house = await serve(upstream, second)
    upstream.script(REFUSALS["words alone"])
    await house.post(model="fox/gpt-5", input=[USER, OLD, SAID, USER])
    await house.post(model="owl/gpt-5", input=[USER, OLD, SAID, USER])
    assert "gAAAAold" in kinds(second.last)


async def test_a_refusal_without_any_reasoning_is_told(house, upstream):
    """L3: once more would be pointless."""
    upstream.script(REFUSALS["words alone"])
    answered = await house.post(input=[USER, COMPACTED, USER])
    assert (answered.status_code, len(upstream.requests)) == (400, 1)
    assert answered.json()["error"]["code"] == "invalid_encrypted_content"
