"""What a Responses request becomes on its way to the upstream (the passthrough's table, field by field)."""

import json

import pytest
from jackfield.testing import text_answer
from jackfield.testing.upstream_rules import check_upstream_request

USER = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Hi"}]}
CALL = {"type": "function_call", "call_id": "call_1", "name": "read", "arguments": "{}"}
OUTPUT = {"type": "function_call_output", "call_id": "call_1", "output": "done"}


async def sent(house, upstream, **fields):
    """Return what the upstream gets of a request that succeeds."""
    answer = await house.post(**fields)
    assert answer.status_code == 200, answer.text
    return upstream.last.json()


async def test_it_is_one_post_to_the_responses_path(house, upstream):
    await house.post()
    [request] = upstream.requests
    assert (request.method, request.path) == ("POST", "/v1/responses")


@pytest.mark.parametrize("slash", ["", "/"])
async def test_one_trailing_slash_of_the_base_url_is_removed(serve, upstream, slash):
    house = await serve(upstream.base_url + slash)
    await house.post()
    assert upstream.last.path == "/v1/responses"


@pytest.mark.parametrize("stream", [True, False, None])
async def test_a_stream_is_asked_for_and_nothing_stored_whatever_the_client_says(house, upstream, stream):
    body = await sent(house, upstream, stream=stream, store=True)
    assert (body["stream"], body["store"]) == (True, False)


async def test_the_upstream_would_accept_it(house, upstream):
    await house.post()
    check_upstream_request(upstream.last.json())


REFUSED = {
    "temperature": 0.5,
    "top_p": 1,
    "max_output_tokens": 100,
    "max_tokens": 100,
    "max_completion_tokens": 100,
    "metadata": {"a": "b"},
    "user": "someone",
    "truncation": "auto",
    "context_management": [{"type": "compaction"}],
    "prompt_cache_options": {"mode": "explicit"},
    "prompt_cache_retention": "24h",
    "background": False,
    "stream_options": {"include_obfuscation": False},
}


@pytest.mark.parametrize("field", REFUSED)
async def test_a_parameter_that_such_upstreams_refuse_is_left_out(house, upstream, field):
    assert field not in await sent(house, upstream, **{field: REFUSED[field]})


async def test_cache_breakpoints_are_removed_from_parts_of_messages_and_outputs(house, upstream):
    part = {"type": "input_text", "text": "Hi", "prompt_cache_breakpoint": {"mode": "explicit"}}
    output = {**OUTPUT, "output": [part]}
    body = await sent(house, upstream, input=[{**USER, "content": [part]}, CALL, output])
    assert "prompt_cache_breakpoint" not in str(body)
    assert body["input"][0]["content"] == body["input"][2]["output"] == [{"type": "input_text", "text": "Hi"}]


async def test_a_string_becomes_one_user_message(house, upstream):
    assert (await sent(house, upstream, input="Hi"))["input"] == [USER]


async def test_instructions_are_kept(house, upstream):
    assert (await sent(house, upstream, instructions="Be kind."))["instructions"] == "Be kind."


@pytest.mark.parametrize("fields", [{}, {"instructions": None}, {"instructions": ""}], ids=["none", "null", "empty"])
async def test_instructions_that_say_nothing_are_left_out(house, upstream, fields):
    """L2: a relay that checks them refuses empty ones, where none at all are fine."""
    answer = await house.client.post("/v1/responses", json={"model": "gpt-5", "input": "Hi", **fields})
    assert answer.status_code == 200
    assert "instructions" not in upstream.last.json()


@pytest.mark.parametrize("kind", [{"type": "message"}, {}])
async def test_the_role_system_becomes_developer(house, upstream, kind):
    system = {**kind, "role": "system", "content": "Be kind."}
    body = await sent(house, upstream, input=[system, USER])
    assert body["input"][0] == {**kind, "role": "developer", "content": "Be kind."}


@pytest.mark.parametrize(
    "item",
    [
        {**USER, "id": "msg_5a1c"},
        {"role": "developer", "content": "Be kind.", "id": "msg_1"},
        {**CALL, "id": "fc_1"},
        {"type": "custom_tool_call", "call_id": "call_1", "name": "sh", "input": "ls", "id": "ctc_1"},
        {"type": "reasoning", "summary": [], "encrypted_content": "gAAAA", "id": "rs_1"},
    ],
    ids=lambda item: item.get("type", "bare message"),
)
async def test_ids_that_nobody_could_look_up_are_removed(house, upstream, item):
    body = await sent(house, upstream, input=[item, USER])
    assert body["input"][0] == {key: value for key, value in item.items() if key != "id"}


async def test_unencrypted_reasoning_is_removed(house, upstream):
    kept = {"type": "reasoning", "summary": [{"type": "summary_text", "text": "Hm."}], "encrypted_content": "gAAAA"}
    lost = [
        {"type": "reasoning", "id": "rs_1", "summary": []},
        {"type": "reasoning", "id": "rs_2", "summary": [], "encrypted_content": None},
    ]
    assert (await sent(house, upstream, input=[*lost, kept, USER]))["input"] == [kept, USER]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (None, ["reasoning.encrypted_content"]),
        ([], ["reasoning.encrypted_content"]),
        (["file_search_call.results"], ["file_search_call.results", "reasoning.encrypted_content"]),
        (["reasoning.encrypted_content"], ["reasoning.encrypted_content"]),
    ],
)
async def test_encrypted_reasoning_is_always_included(house, upstream, given, expected):
    assert (await sent(house, upstream, include=given))["include"] == expected


UNTOUCHED = {
    "parallel_tool_calls": False,
    "text": {"verbosity": "low", "format": {"type": "json_schema", "name": "x", "schema": {"type": "object"}}},
    "service_tier": "priority",
    "client_metadata": {"x-codex-installation-id": "abc"},
    "tool_choice": {"type": "function", "name": "read"},
    "safety_identifier": "hash",
    "a_field_of_tomorrow": {"deep": [1, 2.5, None, "ü"]},
}


@pytest.mark.parametrize("field", UNTOUCHED)
async def test_what_the_upstream_understands_is_untouched(house, upstream, field):
    assert (await sent(house, upstream, **{field: UNTOUCHED[field]}))[field] == UNTOUCHED[field]


async def test_nothing_is_added_beyond_the_forced_fields(house, upstream):
    body = await sent(house, upstream, parallel_tool_calls=None)
    assert set(body) == {
        "model", "input", "stream", "store", "include", "prompt_cache_key", "reasoning",
    }  # fmt: skip


async def test_tools_of_every_kind_are_untouched(house, upstream):
    function = {"type": "function", "name": "read", "parameters": {"type": "object", "properties": {}}}
    tools = [
        function,
        {"type": "custom", "name": "apply_patch", "format": {"type": "grammar", "syntax": "lark", "definition": "x"}},
        {"type": "namespace", "name": "agents", "description": "", "tools": [function]},
        {"type": "local_shell"},
        {"type": "web_search", "external_web_access": True},
        {"type": "tool_search", "execution": "client"},
        {"type": "of_tomorrow", "anything": {"goes": 1}},
    ]
    body = await sent(house, upstream, tools=tools, tool_choice="auto")
    assert (body["tools"], body["tool_choice"]) == (tools, "auto")


async def test_items_of_every_kind_are_untouched(house, upstream):
    items = [
        {"type": "additional_tools", "role": "developer", "tools": [{"type": "custom", "name": "exec"}], "id": "at_1"},
        USER,
        {**CALL, "namespace": "agents", "async": True},
        {**OUTPUT, "id": "fco_1"},
        {"type": "web_search_call", "id": "ws_1", "status": "completed", "action": {"type": "search", "query": "x"}},
        {"type": "compaction", "encrypted_content": "gAAAA"},
        {"type": "of_tomorrow", "id": "x_1", "anything": {"goes": 1}},
    ]
    assert (await sent(house, upstream, input=items))["input"] == items


async def test_the_namespace_of_a_call_comes_back_untouched(house, upstream):
    upstream.script(text_answer())
    body = await sent(house, upstream, input=[{**CALL, "namespace": "multi_agent_v1"}, OUTPUT, USER])
    assert body["input"][0]["namespace"] == "multi_agent_v1"


# -- the conversation's name


async def test_the_clients_own_cache_key_is_kept(house, upstream):
    assert (await sent(house, upstream, prompt_cache_key="my-key"))["prompt_cache_key"] == "my-key"


@pytest.mark.parametrize("header", ["session_id", "session-id", "conversation_id", "thread-id"])
async def test_without_one_a_session_header_gives_the_cache_key(house, upstream, header):
    await house.post({header: "conv-77"})
    assert upstream.last.json()["prompt_cache_key"] == "conv-77"


async def test_a_session_header_too_long_for_a_cache_key_is_shortened_the_same_way_each_time(house, upstream):
    for name in ("x" * 100, "x" * 100, "x" * 99):
        await house.post({"session_id": name})
    one, two, other = (body["prompt_cache_key"] for body in upstream.bodies)
    assert len(one) <= 64
    assert one == two != other


async def test_an_invented_cache_key_stays_the_same_as_the_conversation_grows(house, upstream):
    answer = {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "Yes?"}]}
    one = await sent(house, upstream, input=[USER])
    two = await sent(house, upstream, input=[USER, answer, USER])
    other = await sent(house, upstream, input=[{**USER, "content": "Something else"}])
    assert one["prompt_cache_key"] == two["prompt_cache_key"] == upstream.requests[0].headers["session_id"]
    assert other["prompt_cache_key"] != one["prompt_cache_key"]
    assert 1 <= len(one["prompt_cache_key"]) <= 64


async def test_an_invented_cache_key_is_the_same_for_every_form_of_the_same_words(house, upstream):
    forms = ["Hi", [USER], [{**USER, "content": "Hi"}], [{"role": "user", "content": "Hi"}], [{**USER, "id": "msg_1"}]]
    keys = {(await sent(house, upstream, input=form))["prompt_cache_key"] for form in forms}
    assert len(keys) == 1


async def test_an_invented_cache_key_does_not_depend_on_ids_made_anew_each_time(house, upstream):
    one = await sent(house, upstream, input=[{**USER, "id": "msg_1"}])
    two = await sent(house, upstream, input=[{**USER, "id": "msg_2"}])
    assert one["prompt_cache_key"] == two["prompt_cache_key"]


# -- models and effort


@pytest.mark.parametrize(
    ("model", "upstream_model", "effort"),
    [
        ("gpt-5", "gpt-5", "high"),
        ("gpt-5-low", "gpt-5", "low"),
        ("gpt-5-minimal", "gpt-5", "minimal"),
        ("gpt-5-codex-medium", "gpt-5-codex", "medium"),
        ("gpt-5.6-sol", "gpt-5.6-sol", "high"),
        ("gpt-5.5-xhigh", "gpt-5.5", "xhigh"),
        ("codex-mini-latest", "codex-mini-latest", "high"),
        ("fox/gpt-5-low", "gpt-5", "low"),
    ],
)
async def test_a_suffix_sets_the_effort_on_the_base_model(house, upstream, model, upstream_model, effort):
    body = await sent(house, upstream, model=model)
    assert (body["model"], body["reasoning"]["effort"]) == (upstream_model, effort)


async def test_the_clients_effort_wins_over_the_default_and_the_rest_of_reasoning_stays(house, upstream):
    body = await sent(house, upstream, reasoning={"effort": "low", "summary": "auto", "context": "all_turns"})
    assert body["reasoning"] == {"effort": "low", "summary": "auto", "context": "all_turns"}


async def test_the_providers_default_effort_applies_where_the_client_names_none(house, upstream):
    assert (await sent(house, upstream, reasoning={"summary": "auto"}))["reasoning"] == {
        "summary": "auto",
        "effort": "high",
    }


async def test_an_alias_leads_to_another_model_with_its_effort_and_the_first_match_wins(serve, upstream):
    aliases = [
        {"match": "o3*", "model": "gpt-5-codex", "effort": "low"},
        {"match": "o*", "model": "gpt-5"},
    ]
    house = await serve(upstream, config={"model-aliases": aliases})
    first = await sent(house, upstream, model="o3-mini")
    second = await sent(house, upstream, model="o4")
    assert (first["model"], first["reasoning"]["effort"]) == ("gpt-5-codex", "low")
    assert (second["model"], second["reasoning"]["effort"]) == ("gpt-5", "high")
    assert (await house.records.request(2)).model == "gpt-5"


async def test_a_provider_in_front_of_the_model_pins_it(serve, upstream, second):
    house = await serve(upstream, second)
    await house.post(model="owl/gpt-5")
    assert (len(upstream.requests), len(second.requests)) == (0, 1)
    assert second.last.json()["model"] == "gpt-5"
    record = await house.records.request()
    assert (record.provider, record.model) == ("owl", "gpt-5")


async def test_a_model_that_one_provider_lists_goes_there(serve, upstream):
    house = await serve(upstream, keys={"models": ["acme-large"], "openai-models": False, "model-patterns": []})
    assert (await sent(house, upstream, model="acme-large"))["model"] == "acme-large"
    assert (await house.post(model="gpt-5")).status_code == 404


async def test_equal_providers_take_turns(serve, upstream, second):
    house = await serve(upstream, second, keys={"priority": 0})
    for number in range(4):
        await house.post(input=f"Conversation {number}")
    assert (len(upstream.requests), len(second.requests)) == (2, 2)


@pytest.mark.parametrize("kind", ["nested", "flat"])
async def test_whole_numbers_beyond_64_bits_keep_their_digits(house, upstream, kind):
    """M2: a limit, a constant or a default in a tool's schema is the upstream's to read, also here."""
    number = 123456789012345678901234567890
    schema = {"type": "object", "properties": {"n": {"type": "integer", "const": number, "minimum": -(2**63) - 1}}}
    tool = {"name": "f", "parameters": schema}
    tool = {"type": "function", "function": tool} if kind == "nested" else {"type": "function", **tool}
    text = {"format": {"type": "json_schema", "name": "a", "schema": schema}}
    body = json.dumps({"model": "gpt-5", "input": "Hi", "tools": [tool], "text": text})
    answered = await house.client.post("/v1/responses", content=body)
    assert answered.status_code == 200, answered.text
    sent = json.loads(upstream.last.body)
    assert sent["tools"][0]["parameters"] == schema
    assert sent["text"]["format"]["schema"] == schema
