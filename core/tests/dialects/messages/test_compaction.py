"""M4: a compaction block stands for what came before it, so its summary goes up as text in its place."""

import orjson
from jackfield.dialects.messages import MessagesDialect

SUMMARY = "SUMMARY: the port is 8417"


def block(content=SUMMARY, **more):
    return {"type": "compaction", "content": content, **more}


def said(items):
    return [(item["role"], [part["text"] for part in item["content"]]) for item in items]


def assistant(*blocks):
    return {"role": "assistant", "content": list(blocks)}


ASK = {"role": "user", "content": "Which port?"}


def test_a_summary_of_the_assistant_is_text_of_the_assistant(items):
    assert said(items(assistant(block()), ASK)) == [("assistant", [SUMMARY]), ("user", ["Which port?"])]


def test_a_summary_keeps_its_place_among_other_blocks(items):
    turn = assistant(
        {"type": "text", "text": "a"}, block(signature="s", encrypted_content="e"), {"type": "text", "text": "b"}
    )
    assert said(items(ASK, turn, ASK))[1] == ("assistant", ["a", SUMMARY, "b"])


def test_a_summary_of_the_user_is_text_of_the_user(items):
    assert said(items({"role": "user", "content": [block(), {"type": "text", "text": "Which?"}]})) == [
        ("user", [SUMMARY, "Which?"])
    ]


def test_a_summary_alone_is_a_conversation(items):
    assert said(items(assistant(block()))) == [("assistant", [SUMMARY])]


def test_a_compaction_that_failed_is_nothing(items):
    assert said(items(assistant(block(None)), ASK)) == [("user", ["Which port?"])]
    assert said(items(assistant(block("")), ASK)) == [("user", ["Which port?"])]


def test_a_summary_is_counted():
    def count(*messages):
        return orjson.loads(MessagesDialect().count(orjson.dumps({"messages": list(messages)})))["input_tokens"]

    assert count(assistant(block()), ASK) > count(assistant(block(None)), ASK) + 5


def test_the_tools_of_the_compacted_range_are_offered(translate):
    late = {"type": "tool_definition", "definition": {"name": "late", "input_schema": {"type": "object"}}}
    turn = assistant(block(tool_changes=[{"type": "tool_addition", "tool": late}]))
    body = translate([turn, ASK], tool_choice={"type": "tool", "name": "late"}).body
    assert [tool["name"] for tool in body["tools"]] == ["late"]
    assert body["tool_choice"]["name"] == "late"
