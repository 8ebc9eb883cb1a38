"""Tools and the choice among them."""

import pytest

EMPTY = {"type": "object", "properties": {}}
BASH = {"name": "Bash", "description": "Run it.", "input_schema": {**EMPTY, "additionalProperties": False}}


def offered(translate, *tools):
    return translate(tools=list(tools)).body.get("tools")


def test_a_client_tool_becomes_a_flat_function(translate):
    expected = {
        "type": "function",
        "name": "Bash",
        "description": "Run it.",
        "parameters": {**EMPTY, "additionalProperties": False},
        "strict": False,
    }
    assert offered(translate, BASH) == [expected]
    assert offered(translate, {"type": "custom", **BASH}) == [expected]
    assert offered(translate, {"type": "a_kind_of_next_year", **BASH}) == [expected]


def test_the_order_of_the_tools_is_kept(translate):
    tools = [{"name": name, "input_schema": EMPTY} for name in ("c", "a", "b")]
    assert [tool["name"] for tool in offered(translate, *tools)] == ["c", "a", "b"]


def test_marks_of_the_client_are_removed_and_deferred_tools_are_plain_functions(translate):
    marks = {
        "cache_control": {"type": "ephemeral"},
        "defer_loading": True,
        "eager_input_streaming": True,
        "input_examples": [{}],
        "allowed_callers": ["direct"],
    }
    assert offered(translate, {**BASH, **marks}) == offered(translate, BASH)


@pytest.mark.parametrize("schema", [None, {}, {"type": "object"}, {"$schema": "https://json-schema.org/x"}])
def test_schemas_are_repaired(translate, schema):
    assert offered(translate, {"name": "T", "input_schema": schema})[0]["parameters"] == EMPTY


def test_a_tool_without_a_schema_key_takes_nothing(translate):
    assert offered(translate, {"name": "T"}) == [
        {"type": "function", "name": "T", "parameters": EMPTY, "strict": False}
    ]


def test_strict_is_kept_where_the_upstream_can_keep_it(translate):
    assert offered(translate, {**BASH, "strict": True})[0]["strict"] is True
    optional = {**EMPTY, "properties": {"a": {"type": "string"}}, "additionalProperties": False}
    assert offered(translate, {"name": "T", "input_schema": optional, "strict": True})[0]["strict"] is False


def test_of_two_tools_with_one_name_the_first_counts(translate):
    first, second = {"name": "T", "description": "1"}, {"name": "T", "description": "2"}
    assert [tool["description"] for tool in offered(translate, first, second)] == ["1"]


def test_long_names_with_a_common_prefix_stay_apart(translate):
    prefix = "mcp__plugin_company_server__" + "x" * 60
    names = [tool["name"] for tool in offered(translate, {"name": prefix + "_a"}, {"name": prefix + "_b"})]
    assert len(set(names)) == 2
    assert all(len(name) <= 64 for name in names)


@pytest.mark.parametrize("kind", ["web_search_20250305", "web_search_20260209", "web_search_20991231"])
def test_web_search_of_any_version_is_the_upstreams(translate, kind):
    tool = {
        "type": kind,
        "name": "web_search",
        "max_uses": 8,
        "allowed_domains": ["example.org"],
        "user_location": {"type": "approximate", "city": "Bern", "country": "CH", "region": None},
    }
    assert offered(translate, tool) == [
        {
            "type": "web_search",
            "filters": {"allowed_domains": ["example.org"]},
            "user_location": {"type": "approximate", "city": "Bern", "country": "CH"},
        }
    ]


def test_plain_web_search_carries_nothing_more_and_comes_once(translate):
    tool = {"type": "web_search_20250305", "name": "web_search", "blocked_domains": ["a.example"], "max_uses": 8}
    assert offered(translate, tool, tool) == [{"type": "web_search"}]


@pytest.mark.parametrize(
    ("kind", "name", "arguments"),
    [
        ("bash_20250124", "bash", {"command", "restart"}),
        (
            "text_editor_20250728",
            "str_replace_based_edit_tool",
            {"command", "path", "file_text", "old_str", "new_str", "insert_line", "insert_text", "view_range"},
        ),
        ("memory_20250818", "memory", {"command", "path", "old_path", "new_path"}),
    ],
)
def test_client_tools_without_a_schema_get_one(translate, kind, name, arguments):
    (tool,) = offered(translate, {"type": kind, "name": name, "max_characters": 100})
    assert (tool["type"], tool["name"], tool["strict"]) == ("function", name, False)
    assert arguments <= set(tool["parameters"]["properties"])
    assert tool["description"]
    assert offered(translate, {"type": kind}) == [tool]


@pytest.mark.parametrize(
    "kind",
    [
        "web_fetch_20250910",
        "code_execution_20250825",
        "tool_search_tool_regex_20251119",
        "mcp_toolset",
    ],
)
def test_tools_that_only_anthropics_servers_run_are_dropped_and_the_rest_kept(translate, kind):
    assert [tool["name"] for tool in offered(translate, {"type": kind, "name": "x"}, BASH)] == ["Bash"]


@pytest.mark.parametrize("kind", ["computer_20250124", "browser_20260101"])
def test_computer_use_is_refused_with_its_place(refused, kind):
    failure = refused(tools=[BASH, {"type": kind, "name": "computer"}])
    assert failure.detail.param == "tools[1].type"
    assert kind in failure.message


@pytest.mark.parametrize(
    ("tool", "param"),
    [
        ("Bash", "tools[0]"),
        ({}, "tools[0].name"),
        ({"name": ""}, "tools[0].name"),
        ({"name": 1}, "tools[0].name"),
        ({"name": "T", "input_schema": "x"}, "tools[0].input_schema"),
        ({"name": "T", "description": 1}, "tools[0].description"),
        ({"name": "T", "strict": "x"}, "tools[0].strict"),
        ({"type": "web_search_1", "user_location": {"city": 1}}, "tools[0].user_location.city"),
    ],
)
def test_a_malformed_tool_is_refused_with_its_place(refused, tool, param):
    assert refused(tools=[tool]).detail.param == param


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ({"type": "auto"}, "auto"),
        ({"type": "any"}, "required"),
        ({"type": "none"}, "none"),
        ({"type": "tool", "name": "Bash"}, {"type": "function", "name": "Bash"}),
        ({}, "auto"),
        (None, "auto"),
        ("any", "required"),
    ],
)
def test_the_choice_is_put_in_the_upstreams_words(translate, given, sent):
    body = translate(tools=[BASH], tool_choice=given).body
    assert body["tool_choice"] == sent
    assert body["parallel_tool_calls"] is True


def test_the_choice_of_web_search_names_the_upstreams(translate):
    tool = {"type": "web_search_20250305", "name": "web_search"}
    body = translate(tools=[tool], tool_choice={"type": "tool", "name": "web_search"}).body
    assert body["tool_choice"] == {"type": "web_search"}


def test_parallel_calls_can_be_switched_off(translate):
    body = translate(tools=[BASH], tool_choice={"type": "auto", "disable_parallel_tool_use": True}).body
    assert body["parallel_tool_calls"] is False


@pytest.mark.parametrize("tools", [None, [], [{"type": "web_fetch_20250910", "name": "web_fetch"}]])
def test_without_tools_neither_choice_nor_parallel_is_sent(translate, tools):
    body = translate(tools=tools, tool_choice={"type": "any"}).body
    assert not {"tools", "tool_choice", "parallel_tool_calls"} & set(body)


def test_the_choice_of_a_tool_that_is_not_offered_is_refused(refused):
    failure = refused(tools=[BASH], tool_choice={"type": "tool", "name": "Bush"})
    assert failure.detail.param == "tool_choice.name"
    assert "Bush" in failure.message
