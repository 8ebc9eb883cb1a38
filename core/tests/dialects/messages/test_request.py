"""The top level of a Messages request (each field), and what every upstream request carries."""

import pytest
from jackfield.dialects.translate.names import NameMap


def test_the_model_and_the_wish_for_a_stream_are_remembered(translate):
    parsed = translate(stream=True)
    assert (parsed.model, parsed.stream) == ("claude-test", True)
    assert translate().stream is False
    assert "model" not in parsed.body


def test_every_upstream_request_streams_stores_nothing_and_asks_for_encrypted_reasoning(translate):
    body = translate(stream=False, service_tier="auto").body
    assert body["stream"] is True
    assert body["store"] is False
    assert body["include"] == ["reasoning.encrypted_content"]


def test_instructions_are_always_there(translate):
    assert translate().body["instructions"] == ""
    assert translate(system=None).body["instructions"] == ""
    assert translate(system="Be brief.").body["instructions"] == "Be brief."


def test_a_plain_request_carries_nothing_more(translate):
    assert sorted(translate().body) == [
        "include", "input", "instructions", "max_output_tokens", "prompt_cache_key", "store", "stream",
    ]  # fmt: skip


DROPPED = {
    "top_k": 5,
    "service_tier": "standard_only",
    "container": None,
    "context_management": {"edits": [{"type": "clear_thinking_20251015"}]},
    "compaction": None,
    "diagnostics": {},
    "inference_geo": "us",
    "mcp_servers": [{"name": "x"}],
    "fallbacks": [],
    "thread": None,
    "user_profile_id": "u",
    "workspace_id": "w",
    "cache_control": {"type": "ephemeral"},
    "betas": ["a"],
    "safeguards": [1],
    "a_field_of_next_year": {"deep": [{"cache_control": 1}]},
    "speed": "standard",
}


def test_fields_without_an_equal_are_accepted_and_dropped(translate):
    assert translate(**DROPPED).body == translate().body


@pytest.mark.parametrize(
    ("given", "sent", "kept"), [(100, 100, 100), (1, 16, 1), (2.0, 16, 2), (10**12, 2**31 - 1, 2**31 - 1)]
)
def test_max_tokens_travels_and_never_as_less_than_the_upstream_takes(translate, given, sent, kept):
    parsed = translate(max_tokens=given)
    assert (parsed.body["max_output_tokens"], parsed.limit) == (sent, kept)


@pytest.mark.parametrize("nothing", [None, 0, -1])
def test_max_tokens_may_be_missing(translate, nothing):
    parsed = translate(max_tokens=nothing)
    assert ("max_output_tokens" in parsed.body, parsed.limit) == (False, 0)


def test_sampling_travels(translate):
    body = translate(temperature=0.3, top_p=1, top_k=5).body
    assert (body["temperature"], body["top_p"]) == (0.3, 1)
    assert "top_k" not in body


@pytest.mark.parametrize("name", ["max_tokens", "temperature", "top_p"])
def test_a_number_that_is_none_is_named(refused, name):
    assert str(refused(**{name: "1"})).startswith(f"{name}: must be a number")


def test_the_user_becomes_a_digest_that_no_session_changes(translate):
    ids = ["user_a_account_b_session_c", "user_a_account_b_session_d", "user_x_account_b_session_c"]
    first, second, other = (translate(metadata={"user_id": each}).body["safety_identifier"] for each in ids)
    assert first == second != other
    assert "user_a" not in first


def test_cache_control_is_removed_everywhere(translate):
    mark = {"cache_control": {"type": "ephemeral", "ttl": "1h"}}
    parsed = translate(
        [
            {"role": "user", "content": [{"type": "text", "text": "a", **mark}]},
            {"role": "system", "content": [{"type": "text", "text": "b", **mark}]},
            {"role": "assistant", "content": [{"type": "tool_use", "id": "t", "name": "T", "input": {}, **mark}]},
            {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t", "content": "c", **mark}]},
        ],
        system=[{"type": "text", "text": "s", **mark}],
        tools=[{"name": "T", "input_schema": {"type": "object", "properties": {}}, **mark}],
    )
    assert "cache_control" not in str(parsed.body)
    assert "ephemeral" not in str(parsed.body)


def test_fast_speed_becomes_the_priority_tier(translate):
    assert translate(speed="fast").body["service_tier"] == "priority"
    assert "service_tier" not in translate(speed="standard").body


SCHEMA = {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"], "additionalProperties": False}


@pytest.mark.parametrize("place", ["output_config", "output_format"])
def test_a_wanted_json_schema_becomes_the_text_format(translate, place):
    given = {"type": "json_schema", "schema": {"$schema": "x", **SCHEMA}}
    body = translate(**{place: {"format": given} if place == "output_config" else given}).body
    assert body["text"] == {"format": {"type": "json_schema", "name": "output", "schema": SCHEMA, "strict": True}}


def test_the_text_format_is_strict_only_when_the_schema_is_clean(translate):
    schema = {**SCHEMA, "required": []}
    body = translate(output_config={"format": {"type": "json_schema", "schema": schema}}).body
    assert body["text"]["format"]["strict"] is False
    assert body["text"]["format"]["schema"] == schema


def test_another_kind_of_format_is_tolerated(translate):
    assert "text" not in translate(output_config={"format": {"type": "text"}}).body


def test_stop_sequences_are_kept_for_the_answer(translate):
    parsed = translate(stop_sequences=["END", "", "\n\n"])
    assert parsed.context.stop_sequences == ("END", "\n\n")
    assert "END" not in str(parsed.body)


def test_the_context_knows_the_ids_of_the_calls_so_far(translate):
    use = [{"type": "tool_use", "id": name, "name": "f", "input": {}} for name in ("call_0", "call_1")]
    parsed = translate([{"role": "user", "content": "Hi"}, {"role": "assistant", "content": use}])
    assert all(each in parsed.context.taken for each in ("call_0", "call_1"))
    assert "call_2" not in parsed.context.taken


def test_the_context_restores_tool_names(translate):
    name = "mcp__plugin_" + "x" * 80
    parsed = translate(tools=[{"name": name, "input_schema": {}}])
    assert parsed.context.model == "claude-test"
    assert parsed.context.restore(parsed.body["tools"][0]["name"]) == name
    assert parsed.context.restore("other") == "other"


@pytest.mark.parametrize(
    ("request_fields", "param"),
    [
        ({"model": None}, "model"),
        ({"model": ""}, "model"),
        ({"model": 5}, "model"),
        ({"messages": None}, "messages"),
        ({"messages": {}}, "messages"),
        ({"messages": []}, "messages"),
        ({"messages": [{"role": "user", "content": ""}]}, "messages"),
        ({"messages": ["hi"]}, "messages[0]"),
        ({"messages": [{"content": "hi"}]}, "messages[0].role"),
        ({"messages": [{"role": "user", "content": 5}]}, "messages[0].content"),
        ({"messages": [{"role": "user", "content": ["hi"]}]}, "messages[0].content[0]"),
        ({"messages": [{"role": "user", "content": [{"text": "hi"}]}]}, "messages[0].content[0].type"),
        ({"messages": [{"role": "user", "content": [{"type": "text", "text": 1}]}]}, "messages[0].content[0].text"),
        ({"system": 5}, "system"),
        ({"system": [{"text": {}}]}, "system[0].text"),
        ({"stream": "yes"}, "stream"),
        ({"tools": {}}, "tools"),
        ({"stop_sequences": "END"}, "stop_sequences"),
        ({"stop_sequences": ["a", 1]}, "stop_sequences[1]"),
        ({"stop_sequences": ["a"] * 65}, "stop_sequences"),
        ({"stop_sequences": ["a" * 1001]}, "stop_sequences"),
        ({"metadata": []}, "metadata"),
        ({"thinking": "yes"}, "thinking"),
        ({"output_config": {"effort": 3}}, "output_config.effort"),
        ({"output_config": {"format": {"type": "json_schema"}}}, "output_config.format.schema"),
    ],
)
def test_a_wrong_field_is_refused_by_name(refused, request_fields, param):
    failure = refused(**request_fields)
    assert failure.detail.param == param
    assert param in failure.message


def test_the_names_of_history_tools_and_choice_share_one_map(translate):
    long = "mcp__plugin_" + "y" * 80
    parsed = translate(
        [
            {"role": "user", "content": "go"},
            {"role": "assistant", "content": [{"type": "tool_use", "id": "t1", "name": long, "input": {}}]},
            {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t1", "content": "ok"}]},
        ],
        tools=[{"name": long, "input_schema": {}}],
        tool_choice={"type": "tool", "name": long},
    )
    short = NameMap.of([long]).to_upstream(long)
    assert parsed.body["tools"][0]["name"] == short
    assert parsed.body["tool_choice"] == {"type": "function", "name": short}
    assert parsed.body["input"][1]["name"] == short
