"""The checker of upstream requests refuses each fault by its place, and nothing that is right."""

import copy

import pytest
from jackfield.testing.upstream_rules import check_upstream_request, upstream_problems

MESSAGE = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "hi"}]}
CALL = {"type": "function_call", "id": "fc_1", "call_id": "c1", "name": "Bash", "arguments": "{}"}
OUTPUT = {"type": "function_call_output", "call_id": "c1", "output": "ok"}
SCHEMA = {"type": "object", "properties": {"cache_control": {"type": "string"}}}
TOOL = {"type": "function", "name": "Bash", "description": "d", "parameters": SCHEMA, "strict": False}
GOOD = {
    "model": "gpt-5",
    "instructions": "",
    "input": [
        {"type": "message", "role": "developer", "content": "be brief"},
        MESSAGE,
        {
            "type": "reasoning",
            "id": "rs_1",
            "summary": [{"type": "summary_text", "text": "s"}],
            "encrypted_content": "E",
        },
        {"type": "message", "id": "msg_1", "role": "assistant", "content": [{"type": "output_text", "text": "a"}]},
        CALL,
        {"type": "custom_tool_call", "id": "ctc_1", "call_id": "c2", "name": "patch", "input": "x"},
        {"type": "custom_tool_call_output", "call_id": "c2", "output": [{"type": "input_text", "text": "ok"}]},
        OUTPUT,
        {"type": "something_new", "role": "developer"},
    ],
    "tools": [TOOL, {"type": "custom", "name": "patch"}, {"type": "web_search"}, {"type": "namespace", "tools": []}],
    "tool_choice": {"type": "function", "name": "Bash"},
    "parallel_tool_calls": True,
    "reasoning": {"effort": "high", "summary": "auto"},
    "text": {"format": {"type": "json_schema", "name": "n", "schema": {}}},
    "store": False,
    "stream": True,
    "include": ["reasoning.encrypted_content"],
    "prompt_cache_key": "k",
    "service_tier": "priority",
    "client_metadata": {"cache_control": "theirs"},
}


def test_a_right_request_passes():
    check_upstream_request(GOOD)
    check_upstream_request({**GOOD, "tool_choice": {"type": "web_search"}})
    check_upstream_request({**GOOD, "tool_choice": "auto", "tools": []})


TOP = [
    ({"temperature": 1}, "temperature"),
    ({"max_output_tokens": 99}, "max_output_tokens"),
    ({"metadata": {}}, "metadata"),
    ({"thinking": {}}, "thinking"),
    ({"model": None}, "model"),
    ({"instructions": 7}, "instructions"),
    ({"input": "hi"}, "input"),
    ({"input": []}, "input"),
    ({"stream": False}, "stream"),
    ({"store": True}, "store"),
    ({"store": None}, "store"),
    ({"include": []}, "include"),
    ({"tools": {}}, "tools"),
    ({"tool_choice": {"type": "tool", "name": "Bash"}}, "tool_choice"),
    ({"tool_choice": {"type": "function", "name": "Bush"}}, "tool_choice"),
    ({"tool_choice": "any"}, "tool_choice"),
    ({"tool_choice": {"type": "web_search"}, "tools": []}, "tool_choice"),
    ({"reasoning": {"effort": "huge"}}, "reasoning.effort"),
    ({"reasoning": {"summary": "yes"}}, "reasoning.summary"),
    ({"service_tier": "standard_only"}, "service_tier"),
    ({"prompt_cache_key": ""}, "prompt_cache_key"),
    ({"parallel_tool_calls": "yes"}, "parallel_tool_calls"),
    ({"text": {"format": {"type": "json_schema", "schema": {}}}}, "text.format"),
]


@pytest.mark.parametrize(("change", "place"), TOP)
def test_a_wrong_top_level_is_told(change, place):
    problems = upstream_problems({**GOOD, **change})
    assert problems
    assert any(problem.startswith(place) for problem in problems)
    with pytest.raises(AssertionError, match=place):
        check_upstream_request({**GOOD, **change})


ITEMS = [
    ({**MESSAGE, "role": "system"}, ".role"),
    ({**MESSAGE, "content": []}, ".content"),
    ({**MESSAGE, "content": [{"type": "output_text", "text": "a"}]}, ".content[0].type"),
    ({**MESSAGE, "role": "assistant"}, ".content[0].type"),
    ({**MESSAGE, "content": [{"type": "input_text"}]}, ".content[0].text"),
    ({**MESSAGE, "content": [{"type": "input_image"}]}, ".content[0]"),
    ({**MESSAGE, "content": [{"type": "input_file"}]}, ".content[0]"),
    ({**MESSAGE, "content": [{**MESSAGE["content"][0], "cache_control": {}}]}, ".content[0].cache_control"),
    (
        {**MESSAGE, "content": [{**MESSAGE["content"][0], "prompt_cache_breakpoint": {}}]},
        ".content[0].prompt_cache_breakpoint",
    ),
    ({**MESSAGE, "id": "toolu_1"}, ".id"),
    ({**CALL, "id": "toolu_1"}, ".id"),
    ({**CALL, "call_id": "x" * 65}, ".call_id"),
    ({**CALL, "call_id": ""}, ".call_id"),
    ({**CALL, "name": "a.b"}, ".name"),
    ({**CALL, "arguments": {}}, ".arguments"),
    ({**CALL, "arguments": "{"}, ".arguments"),
    ({"type": "custom_tool_call", "call_id": "c", "name": "n", "input": {}}, ".input"),
    ({**OUTPUT, "output": None}, ".output"),
    ({**OUTPUT, "output": [{"type": "output_text", "text": "a"}]}, ".output[0].type"),
    ({"type": "reasoning", "summary": []}, ".encrypted_content"),
    ({"type": "reasoning", "summary": "s", "encrypted_content": "E"}, ".summary"),
    ("hi", ""),
]


@pytest.mark.parametrize(("item", "place"), ITEMS)
def test_a_wrong_item_is_told(item, place):
    problems = upstream_problems({**GOOD, "input": [MESSAGE, CALL, item]})
    assert any(problem.startswith(f"input[2]{place}: ") for problem in problems)


@pytest.mark.parametrize(
    "items",
    [
        [MESSAGE, CALL],
        [MESSAGE, OUTPUT],
        [MESSAGE, OUTPUT, CALL],
        [MESSAGE, CALL, MESSAGE, OUTPUT],
        [MESSAGE, CALL, OUTPUT, OUTPUT],
        [MESSAGE, CALL, OUTPUT, CALL, OUTPUT],
        [MESSAGE, CALL, {**OUTPUT, "type": "custom_tool_call_output"}],
    ],
)
def test_calls_and_outputs_that_do_not_pair_are_told(items):
    assert any(problem.startswith("input: ") for problem in upstream_problems({**GOOD, "input": items}))


TOOLS = [
    ({"name": "Bash"}, "type"),
    ({**TOOL, "name": "a b"}, "name"),
    ({**TOOL, "parameters": None}, "parameters"),
    ({**TOOL, "parameters": {"type": "object"}}, "parameters"),
    ({**TOOL, "parameters": {"type": "array", "properties": {}}}, "parameters"),
    ({**TOOL, "parameters": {**SCHEMA, "$schema": "x"}}, "parameters.$schema"),
    ({**TOOL, "strict": None}, "strict"),
    ({**TOOL, "input_schema": {}}, "input_schema"),
    ({"type": "function", "function": TOOL}, "function"),
    ({**TOOL, "cache_control": {}}, "cache_control"),
]


@pytest.mark.parametrize(("tool", "place"), TOOLS)
def test_a_wrong_tool_is_told(tool, place):
    problems = upstream_problems({**GOOD, "tools": [tool], "tool_choice": "auto"})
    assert any(f"tools[0].{place}" in problem for problem in problems)


def test_two_tools_with_one_name_are_told():
    assert upstream_problems({**GOOD, "tools": [TOOL, copy.deepcopy(TOOL)]}) == ["tools[1].name: 'Bash' is used twice"]
