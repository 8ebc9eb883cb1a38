import pytest

READ = {"type": "function", "function": {"name": "read", "parameters": {"type": "object", "properties": {}}}}
PATCH = {"type": "custom", "custom": {"name": "patch"}}


def test_tools_are_flat(body):
    described = {
        "name": "read",
        "description": "Reads.",
        "parameters": {"$schema": "x", "type": "object"},
        "strict": True,
    }
    grammar = {"type": "grammar", "grammar": {"syntax": "lark", "definition": "start: /a/"}}
    tools = [
        {"type": "function", "function": described, "cache_control": {"type": "ephemeral"}},
        {"type": "function", "function": {"name": "now"}},
        {"type": "custom", "custom": {"name": "patch", "description": "Patches.", "format": grammar}},
        {"type": "custom", "custom": {"name": "free", "format": {"type": "text"}}},
        {"type": "web_search_preview", "search_context_size": "low"},
        {"type": "function", "function": {"name": "now", "description": "again"}},
    ]
    empty = {"type": "object", "properties": {}}
    assert body(tools=tools)["tools"] == [
        {"type": "function", "name": "read", "description": "Reads.", "parameters": empty, "strict": True},
        {"type": "function", "name": "now", "parameters": empty, "strict": False},
        {
            "type": "custom",
            "name": "patch",
            "description": "Patches.",
            "format": {"type": "grammar", "syntax": "lark", "definition": "start: /a/"},
        },
        {"type": "custom", "name": "free", "format": {"type": "text"}},
        {"type": "web_search", "search_context_size": "low"},
    ]


@pytest.mark.parametrize(
    ("choice", "sent"),
    [
        ("none", "none"),
        ("auto", "auto"),
        ("required", "required"),
        ({"type": "function", "function": {"name": "read"}}, {"type": "function", "name": "read"}),
        ({"type": "custom", "custom": {"name": "patch"}}, {"type": "custom", "name": "patch"}),
        (
            {"type": "allowed_tools", "allowed_tools": {"mode": "required", "tools": [READ, PATCH]}},
            {
                "type": "allowed_tools",
                "mode": "required",
                "tools": [{"type": "function", "name": "read"}, {"type": "custom", "name": "patch"}],
            },
        ),
    ],
)
def test_tool_choice(body, choice, sent):
    assert body(tools=[READ, PATCH], tool_choice=choice)["tool_choice"] == sent


@pytest.mark.parametrize("parallel", [True, False])
def test_parallel_tool_calls(body, parallel):
    assert body(tools=[READ], parallel_tool_calls=parallel)["parallel_tool_calls"] is parallel


def test_nothing_about_tools_without_tools(parsed, body):
    assert body(tools=[], tool_choice="auto", parallel_tool_calls=False) == parsed().body


def test_legacy_functions(body):
    found = body(functions=[{"name": "read"}], function_call={"name": "read"})
    assert [tool["name"] for tool in found["tools"]] == ["read"]
    assert found["tool_choice"] == {"type": "function", "name": "read"}
    assert found["parallel_tool_calls"] is False


def test_web_search_options(body):
    place = {"city": "Ulm", "country": "DE"}
    options = {"search_context_size": "high", "user_location": {"type": "approximate", "approximate": place}}
    assert body(web_search_options=options)["tools"] == [
        {"type": "web_search", "search_context_size": "high", "user_location": {"type": "approximate", **place}}
    ]
    assert body(web_search_options={})["tools"] == [{"type": "web_search"}]
