"""Messages as items: order, calls and results, reasoning, and every broken history that clients send."""

import orjson
import pytest
from jackfield.dialects.messages.signature import seal
from jackfield.dialects.translate.pairing import INTERRUPTED, ORPHAN
from jackfield.dialects.translate.reasoning import for_maker

ASK = {"role": "user", "content": "go"}


def use(name="t1", tool="Bash", **given):
    return {"type": "tool_use", "id": name, "name": tool, "input": given}


def result(name="t1", content="ok", **more):
    return {"type": "tool_result", "tool_use_id": name, "content": content, **more}


def assistant(*blocks):
    return {"role": "assistant", "content": list(blocks)}


def user(*blocks):
    return {"role": "user", "content": list(blocks)}


def text(value):
    return {"type": "text", "text": value}


def brief(items):
    words = []
    for item in items:
        if item["type"] == "message":
            words.append(f"{item['role']}: " + "|".join(part.get("text", part["type"]) for part in item["content"]))
        elif item["type"] == "function_call":
            words.append(f"call {item['call_id']}")
        elif item["type"] == "reasoning":
            words.append(f"reasoning {item['encrypted_content']}")
        else:
            words.append(f"out {item['call_id']}: {item['output']}")
    return words


def test_string_contents(items):
    found = items(ASK, {"role": "assistant", "content": "fine"}, ASK)
    assert found == [
        {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "go"}]},
        {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "fine"}]},
        {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "go"}]},
    ]


def test_a_call_and_its_result(items):
    found = items(ASK, assistant(use(path="/a", n=1, deep={"ü": [True, None]})), user(result()))
    assert found[1:] == [
        {
            "type": "function_call",
            "call_id": "t1",
            "name": "Bash",
            "arguments": '{"path":"/a","n":1,"deep":{"ü":[true,null]}}',
        },
        {"type": "function_call_output", "call_id": "t1", "output": "ok"},
    ]


@pytest.mark.parametrize("given", [None, {}])
def test_a_call_without_input_has_empty_arguments(items, given):
    block = {"type": "tool_use", "id": "t1", "name": "Bash", "input": given}
    assert items(ASK, assistant(block), user(result()))[1]["arguments"] == "{}"


def test_the_order_inside_an_assistant_message_survives(items):
    turn = assistant(text("a"), use("t1"), text("b"), text("c"), use("t2"), text("d"))
    assert brief(items(ASK, turn, user(result("t1"), result("t2")))) == [
        "user: go",
        "assistant: a",
        "call t1",
        "assistant: b|c",
        "call t2",
        "assistant: d",
        "out t1: ok",
        "out t2: ok",
    ]


def test_results_come_before_the_text_of_the_same_message_even_when_the_text_is_first(items):
    found = items(ASK, assistant(use("t1"), use("t2")), user(text("x"), result("t2"), text("y"), result("t1")))
    assert brief(found)[3:] == ["out t2: ok", "out t1: ok", "user: x|y"]


@pytest.mark.parametrize(
    ("content", "output"),
    [
        ("plain", "plain"),
        ([text("a"), text(""), text("b")], "a\nb"),
        ("", "(no output)"),
        ([], "(no output)"),
        (None, "(no output)"),
        ([{"type": "of_next_year"}], "[content of type of_next_year was left out: not supported here]"),
        ([{"type": "tool_reference", "tool_name": "WebFetch"}], "Tool WebFetch is now available."),
        (
            [{"type": "tool_reference", "tool_name": "A"}, {"type": "tool_reference", "tool_name": "B"}],
            "Tool A is now available.\nTool B is now available.",
        ),
    ],
)
def test_a_result_of_text_is_a_string(items, content, output):
    assert items(ASK, assistant(use()), user(result(content=content)))[2]["output"] == output


def test_a_result_without_the_key_content(items):
    block = {"type": "tool_result", "tool_use_id": "t1"}
    assert items(ASK, assistant(use()), user(block))[2]["output"] == "(no output)"


@pytest.mark.parametrize(
    ("content", "output"),
    [
        ("no such file", "[tool error] no such file"),
        ("", "[tool error]"),
        ([text("a"), text("b")], "[tool error] a\nb"),
    ],
)
def test_a_failed_result_is_marked(items, content, output):
    assert items(ASK, assistant(use()), user(result(content=content, is_error=True)))[2]["output"] == output


IMAGE = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "iVBORw0KGgo="}}


def test_images_and_documents_in_a_result_are_parts_of_it(items):
    pdf = {"type": "document", "source": {"type": "base64", "media_type": "application/pdf", "data": "JVBERg=="}}
    output = items(ASK, assistant(use()), user(result(content=[text("see"), IMAGE, pdf])))[2]["output"]
    assert [part["type"] for part in output] == ["input_text", "input_image", "input_file"]


def test_a_failed_result_with_an_image_is_marked_too(items):
    output = items(ASK, assistant(use()), user(result(content=[IMAGE], is_error=True)))[2]["output"]
    assert output[0] == {"type": "input_text", "text": "[tool error]"}
    assert output[1]["type"] == "input_image"


def test_every_interrupted_call_is_answered(items):
    assert brief(items(ASK, assistant(use("t1"), use("t2")), user(result("t2"), text("stop")))) == [
        "user: go",
        "call t1",
        "call t2",
        "out t2: ok",
        f"out t1: {INTERRUPTED}",
        "user: stop",
    ]


def test_a_result_without_its_call_becomes_user_text(items):
    assert brief(items(user(result("gone", "42"), text("go on")))) == [f"user: {ORPHAN}|42", "user: go on"]


def test_a_repeated_result_is_sent_once(items):
    assert brief(items(ASK, assistant(use()), user(result(), result())))[1:] == ["call t1", "out t1: ok"]


def test_reused_ids_are_told_apart(items):
    turns = [assistant(use("t1")), user(result("t1", "one")), assistant(use("t1")), user(result("t1", "two"))]
    assert brief(items(ASK, *turns))[1:] == ["call t1", "out t1: one", "call t1_2", "out t1_2: two"]


def test_results_in_a_message_of_their_own_after_the_text_are_moved_up(items):
    assert brief(items(ASK, assistant(use()), user(text("x")), user(result())))[1:] == [
        "call t1",
        "out t1: ok",
        "user: x",
    ]


def test_ids_beyond_64_characters_are_shortened_alike_in_call_and_result(items):
    one, two = "toolu_" + "x" * 80 + "1", "toolu_" + "x" * 80 + "2"
    found = items(ASK, assistant(use(one), use(two)), user(result(one), result(two)))
    assert found[1]["call_id"] == found[3]["call_id"] != found[2]["call_id"] == found[4]["call_id"]
    assert max(len(item["call_id"]) for item in found[1:]) <= 64


def test_ids_with_illegal_signs_are_mapped(items):
    found = items(ASK, assistant(use("call|1:é")), user(result("call|1:é")))
    assert found[1]["call_id"] == found[2]["call_id"]


def test_no_item_has_an_id(items):
    found = items(ASK, {**assistant(text("a"), use()), "id": "msg_1"}, user(result()))
    assert not any("id" in item for item in found)


def test_an_assistant_prefill_stays_an_assistant_message(items):
    assert brief(items(ASK, assistant(text("{")))) == ["user: go", "assistant: {"]


def test_messages_without_content_are_skipped(items):
    empty = [assistant(), assistant(text("")), user(text("")), {"role": "system", "content": []}, {"role": "user"}]
    assert brief(items(ASK, *empty)) == ["user: go"]


def test_a_role_of_next_year_speaks_as_the_user(items):
    assert brief(items({"role": "narrator", "content": "x"})) == ["user: x"]


def test_an_image_by_the_assistant_leaves_a_note(items):
    assert brief(items(ASK, assistant(text("a"), IMAGE))) == ["user: go", "assistant: a|[image]"]


# Encrypted reasoning


def thinking(signature, said="hm"):
    return {"type": "thinking", "thinking": said, "signature": signature}


def test_our_reasoning_comes_back_unchanged_before_what_it_preceded(items):
    turn = assistant(thinking(seal("fox", "BLOB1")), text("a"), thinking(seal("fox", "BLOB2"), ""), use())
    found = items(ASK, turn, user(result()))
    assert brief(found) == ["user: go", "reasoning BLOB1", "assistant: a", "reasoning BLOB2", "call t1", "out t1: ok"]
    assert found[1] == {
        "type": "reasoning",
        "summary": [{"type": "summary_text", "text": "hm"}],
        "encrypted_content": "BLOB1",
    }
    assert found[3]["summary"] == []


def test_our_redacted_thinking_comes_back_too(items):
    turn = assistant({"type": "redacted_thinking", "data": seal("fox", "BLOB")}, text("a"))
    assert brief(items(ASK, turn)) == ["user: go", "reasoning BLOB", "assistant: a"]


@pytest.mark.parametrize(
    "block",
    [
        thinking("EqQBCgIYAhIkZm9yZWlnbg=="),
        thinking(""),
        {"type": "thinking", "thinking": "hm"},
        {"type": "redacted_thinking", "data": "EmwKAhgB"},
    ],
)
def test_foreign_or_empty_signatures_are_dropped(items, block):
    assert brief(items(ASK, assistant(text("a"), block, text("b")))) == ["user: go", "assistant: a|b"]


def test_thinking_by_the_user_is_dropped(items):
    assert brief(items(user(text("go"), thinking(seal("fox", "BLOB"))))) == ["user: go"]


def test_reasoning_of_another_maker_can_be_left_out_once_the_upstream_is_known(translate):
    turn = assistant(
        thinking(seal("fox", "F")), text("a"), thinking(seal("owl", "O")), text("b"), thinking(seal("", "U"))
    )
    parsed = translate([ASK, turn, ASK])
    kept = {maker: brief(for_maker(parsed.body, parsed.makers, maker)["input"]) for maker in ("fox", "owl", "elk")}
    assert [word for word in kept["fox"] if word.startswith("reasoning")] == ["reasoning F", "reasoning U"]
    assert [word for word in kept["owl"] if word.startswith("reasoning")] == ["reasoning O", "reasoning U"]
    assert [word for word in kept["elk"] if word.startswith("reasoning")] == ["reasoning U"]
    assert len(parsed.body["input"]) == 7


# Blocks of Anthropic's servers


def test_searches_are_dropped_and_the_text_that_follows_is_kept(items):
    turn = assistant(
        {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {"query": "x"}},
        {
            "type": "web_search_tool_result",
            "tool_use_id": "srvtoolu_1",
            "content": [{"type": "web_search_result", "title": "T"}],
        },
        text("found"),
    )
    assert brief(items(ASK, turn)) == ["user: go", "assistant: found"]


@pytest.mark.parametrize(
    ("kind", "content", "said"),
    [
        (
            "web_fetch_tool_result",
            {
                "type": "web_fetch_result",
                "url": "https://e.org",
                "content": {"type": "document", "source": {"type": "text", "data": "page"}},
            },
            "https://e.org\npage",
        ),
        (
            "web_fetch_tool_result",
            {"type": "web_fetch_tool_result_error", "error_code": "url_not_allowed"},
            "url_not_allowed",
        ),
        (
            "bash_code_execution_tool_result",
            {"stdout": "1\n", "stderr": "warn", "return_code": 0, "content": []},
            "1\n\nwarn",
        ),
        ("tool_search_tool_result", {"tool_references": [{"type": "tool_reference", "tool_name": "A"}]}, "A"),
        ("mcp_tool_result", [text("m")], "m"),
        ("mcp_tool_result", "m", "m"),
    ],
)
def test_results_of_other_server_tools_become_text(items, kind, content, said):
    turn = assistant(
        {"type": "server_tool_use", "id": "s", "name": "n", "input": {}},
        {"type": kind, "tool_use_id": "s", "content": content},
    )
    assert brief(items(ASK, turn)) == ["user: go", f"assistant: {said}"]


def test_base64_in_a_server_result_is_not_taken_for_text(items):
    source = {"type": "base64", "media_type": "application/pdf", "data": "JVBERg=="}
    content = {"url": "u", "content": {"type": "document", "source": source}}
    assert brief(items(ASK, assistant({"type": "web_fetch_tool_result", "content": content}))) == [
        "user: go",
        "assistant: u",
    ]


def test_arguments_are_stable_text(items):
    given = {"b": 1, "a": [1.5, {"z": "\n"}]}
    twice = [items(ASK, assistant(use(**given)), user(result()))[1]["arguments"] for _ in range(2)]
    assert twice[0] == twice[1]
    assert orjson.loads(twice[0]) == given


@pytest.mark.parametrize(
    ("block", "param"),
    [
        ({"type": "tool_use", "name": "T", "input": {}}, "id"),
        ({"type": "tool_use", "id": "t", "input": {}}, "name"),
        ({"type": "tool_use", "id": "t", "name": ""}, "name"),
        ({"type": "thinking", "thinking": 1, "signature": ""}, "thinking"),
        ({"type": "redacted_thinking", "data": []}, "data"),
    ],
)
def test_a_malformed_block_is_refused_with_its_place(refused, block, param):
    assert refused([ASK, assistant(block)]).detail.param == f"messages[1].content[0].{param}"
