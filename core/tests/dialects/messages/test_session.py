"""The key of a conversation: stable from turn to turn, different between conversations, telling nothing."""

import pytest

NEW = '{"device_id":"d","account_uuid":"a","session_id":"11111111-2222"}'
OLD = "user_0a1b_account_c2d3_session_11111111-2222"
HEADERS = {"X-Claude-Code-Session-Id": "11111111-2222"}

BEGIN = [{"role": "user", "content": [{"type": "text", "text": "hi", "cache_control": {"type": "ephemeral"}}]}]
GROWN = [
    {"role": "user", "content": "hi"},
    {"role": "assistant", "content": "hello"},
    {"role": "user", "content": "more"},
]


def key(parsed):
    assert parsed.session == parsed.body["prompt_cache_key"]
    return parsed.session


@pytest.mark.parametrize("user_id", [NEW, OLD])
def test_the_session_of_the_user_id_decides(translate, user_id):
    one = key(translate("hi", metadata={"user_id": user_id}, system="a"))
    assert one == key(translate("other", metadata={"user_id": user_id}, system="b"))
    assert one != key(translate("hi", metadata={"user_id": user_id.replace("1111-2222", "1111-3333")}, system="a"))
    assert "2222" not in one


def test_both_forms_and_the_header_name_the_same_session(translate):
    assert len({key(translate(metadata={"user_id": NEW})), key(translate(metadata={"user_id": OLD})),
                key(translate(headers=HEADERS))}) == 1  # fmt: skip


@pytest.mark.parametrize("user_id", ["just-me", "{broken", '{"session_id": 5}', '{"user": "x"}', None])
def test_a_user_id_without_a_session_names_no_conversation(translate, user_id):
    assert key(translate("hi", metadata={"user_id": user_id})) == key(translate("hi"))
    assert key(translate("hi", metadata={"user_id": user_id}, headers=HEADERS)) == key(translate(headers=HEADERS))


def test_without_a_session_the_beginning_of_the_conversation_decides(translate):
    assert key(translate(BEGIN, system="s")) == key(translate(GROWN, system="s"))
    assert key(translate(BEGIN, system="s")) != key(translate(BEGIN, system="t"))
    assert key(translate("hi")) != key(translate("ho"))
