"""M3: tools that come and go inside a conversation are offered, withdrawn, chosen and counted."""

import orjson
import pytest
from jackfield.dialects.messages import MessagesDialect

LONG = "mcp__plugin.of-somebody__" + "x" * 60


def tool(name, **more):
    return {"name": name, "description": "d", "input_schema": {"type": "object", "properties": {}}, **more}


def added(name, **more):
    return {"type": "tool_addition", "tool": {"type": "tool_definition", "definition": tool(name, **more)}}


def referred(name, kind="tool_addition"):
    return {"type": kind, "tool": {"type": "tool_reference", "name": name}}


def removed(name):
    return referred(name, "tool_removal")


def system(*blocks, **more):
    return {"role": "system", "content": list(blocks), **more}


ASK = {"role": "user", "content": "go"}


def names(parsed):
    return [tool["name"] for tool in parsed.body.get("tools", [])]


def test_an_added_tool_is_offered_at_the_end(translate):
    assert names(translate([ASK, system(added("late"))], tools=[tool("a"), tool("b")])) == ["a", "b", "late"]


def test_an_added_tool_is_offered_without_any_tools(translate):
    parsed = translate([ASK, system(added("late"))])
    assert names(parsed) == ["late"]
    assert parsed.body["tool_choice"] == "auto"
    assert [item["role"] for item in parsed.body["input"]] == ["user"]


def test_a_tool_that_is_added_twice_is_offered_once(translate):
    turns = [ASK, system(added("late"), added("late", description="again")), ASK, system(added("a"))]
    parsed = translate(turns, tools=[tool("a")])
    assert names(parsed) == ["a", "late"]
    assert parsed.body["tools"][1]["description"] == "d"


def test_an_added_tool_keeps_its_long_name(translate):
    parsed = translate([ASK, system(added(LONG))])
    [name] = names(parsed)
    assert len(name) <= 64
    assert parsed.context.restore(name) == LONG


def test_an_added_tool_can_be_chosen(translate):
    parsed = translate([ASK, system(added("late"))], tool_choice={"type": "tool", "name": "late"})
    assert parsed.body["tool_choice"] == {"type": "function", "name": "late"}


def test_a_deferred_tool_is_there_before_and_after_it_is_referred_to(translate):
    deferred = tool("found", defer_loading=True)
    assert names(translate([ASK, system(referred("found"))], tools=[deferred])) == ["found"]


def test_a_tool_that_was_defined_in_the_conversation_can_be_referred_to(translate):
    turns = [ASK, system(added("late")), ASK, system(removed("late")), ASK, system(referred("late"))]
    assert names(translate(turns)) == ["late"]


@pytest.mark.parametrize("kind", ["mcp_tool_reference", "mcp_toolset_reference"])
def test_references_to_mcp_servers_offer_nothing(translate, kind):
    change = {"type": "tool_addition", "tool": {"type": kind, "server_name": "s", "name": "n"}}
    assert names(translate([ASK, system(change)], tools=[tool("a")])) == ["a"]


def test_a_web_search_can_be_added(translate):
    search = {"type": "web_search_20250305", "name": "web_search"}
    change = {"type": "tool_addition", "tool": {"type": "tool_definition", "definition": search}}
    parsed = translate([ASK, system(change)], tool_choice={"type": "tool", "name": "web_search"})
    assert [tool["type"] for tool in parsed.body["tools"]] == ["web_search"]
    assert parsed.body["tool_choice"] == {"type": "web_search"}


def test_a_tool_at_the_end_goes_when_it_is_removed(translate):
    turns = [ASK, system(added("late")), ASK, system(removed("late"))]
    assert names(translate(turns, tools=[tool("a")])) == ["a"]
    assert names(translate([ASK, system(removed("b"))], tools=[tool("a"), tool("b")])) == ["a"]


def test_a_tool_in_the_middle_stays_so_that_the_beginning_stays(translate, refused):
    turns, tools = [ASK, system(removed("a"))], [tool("a"), tool("b")]
    assert names(translate(turns, tools=tools)) == ["a", "b"]
    assert refused(turns, tools=tools, tool_choice={"type": "tool", "name": "a"}).detail.param == "tool_choice.name"


def test_tools_that_are_all_removed_leave_none(translate):
    parsed = translate([ASK, system(removed("a"))], tools=[tool("a")], tool_choice={"type": "auto"})
    assert not {"tools", "tool_choice"} & parsed.body.keys()


@pytest.mark.parametrize(
    ("change", "param"),
    [
        (referred("nowhere"), "messages[1].content[0].tool.name"),
        ({"type": "tool_addition"}, "messages[1].content[0].tool"),
        ({"type": "tool_addition", "tool": {"type": "next_year"}}, "messages[1].content[0].tool.type"),
        ({"type": "tool_removal", "tool": {"type": "tool_definition"}}, "messages[1].content[0].tool.type"),
        (
            {"type": "tool_addition", "tool": {"type": "tool_definition", "definition": {"type": "computer_20250124"}}},
            "messages[1].content[0].tool.definition.type",
        ),
        (
            {"type": "tool_addition", "tool": {"type": "tool_definition", "definition": {"input_schema": {}}}},
            "messages[1].content[0].tool.definition.name",
        ),
    ],
)
def test_a_change_that_cannot_be_made_is_refused_with_its_place(refused, change, param):
    assert refused([ASK, system(change)]).detail.param == param


def test_an_added_tool_is_counted():
    def count(*messages):
        return orjson.loads(MessagesDialect().count(orjson.dumps({"messages": list(messages)})))["input_tokens"]

    assert count(ASK, system(added("late"))) > count(ASK) + 8


def test_the_effort_of_a_system_message_goes_before_that_of_the_request(translate):
    turns = [ASK, system(output_config={"effort": "low"})]
    assert translate(turns, output_config={"effort": "high"}).body["reasoning"]["effort"] == "low"
    turns = [system({"type": "text", "text": "x"}, output_config={"effort": "low"}), ASK]
    assert translate(turns, output_config={"effort": "high"}).body["reasoning"]["effort"] == "low"


def test_the_last_effort_of_a_turn_counts_also_while_tools_answer(translate):
    call = {"role": "assistant", "content": [{"type": "tool_use", "id": "t", "name": "a", "input": {}}]}
    answer = {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t", "content": "x"}]}
    turns = [ASK, system(output_config={"effort": "high"}), system(output_config={"effort": "low"}), call, answer]
    assert translate(turns, tools=[tool("a")]).body["reasoning"]["effort"] == "low"


def test_the_effort_of_an_earlier_turn_is_over(translate):
    turns = [ASK, system(output_config={"effort": "low"}), {"role": "assistant", "content": "ok"}, ASK]
    assert translate(turns, output_config={"effort": "high"}).body["reasoning"]["effort"] == "high"
    assert "reasoning" not in translate(turns).body


def test_text_that_clears_at_the_next_user_message_is_cleared(items):
    note = system({"type": "text", "text": "note"}, clear_at="next_user_message")
    kept = system({"type": "text", "text": "kept"}, clear_at="never")
    done = {"role": "assistant", "content": "ok"}

    def developers(*turns):
        return [item["content"][0]["text"] for item in items(*turns) if item["role"] == "developer"]

    assert developers(ASK, note, kept) == ["note", "kept"]
    assert developers(ASK, note, kept, done, ASK) == ["kept"]


def test_tools_stay_when_the_text_beside_them_is_cleared(translate):
    note = system({"type": "text", "text": "note"}, added("late"), clear_at="next_user_message")
    parsed = translate([ASK, note, {"role": "assistant", "content": "ok"}, ASK])
    assert names(parsed) == ["late"]
    assert "note" not in str(parsed.body["input"])


def test_the_placeholder_of_claude_code_is_left_out(translate):
    """M6"""
    placeholder = tool("DeferredToolPlaceholder", description="Never call this tool.", defer_loading=True)
    assert names(translate([ASK], tools=[placeholder, tool("a", defer_loading=True)])) == ["a"]
    assert names(translate([ASK], tools=[placeholder])) == []
    assert names(translate([ASK], tools=[tool("DeferredToolPlaceholder")])) == ["DeferredToolPlaceholder"]
