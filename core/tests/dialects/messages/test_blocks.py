"""Content blocks of user messages, one by one."""

import pytest

PNG = "iVBORw0KGgo="
IMAGE = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PNG}}


@pytest.fixture
def parts(items):
    """Return the parts that a user message with these blocks becomes."""

    def read(*blocks):
        (message,) = items({"role": "user", "content": [*blocks, {"type": "text", "text": "end"}]})
        assert (message["type"], message["role"]) == ("message", "user")
        assert message["content"][-1] == {"type": "input_text", "text": "end"}
        return message["content"][:-1]

    return read


def text(value):
    return {"type": "input_text", "text": value}


def test_text_and_empty_text(parts):
    assert parts({"type": "text", "text": "a"}, {"type": "text", "text": ""}) == [text("a")]


def test_a_base64_image_becomes_a_data_url(parts):
    assert parts(IMAGE) == [{"type": "input_image", "image_url": f"data:image/png;base64,{PNG}", "detail": "auto"}]


def test_an_image_url_is_kept(parts):
    source = {"type": "url", "url": "https://example.org/a.png"}
    assert parts({"type": "image", "source": source}) == [
        {"type": "input_image", "image_url": "https://example.org/a.png", "detail": "auto"}
    ]


@pytest.mark.parametrize("kind", ["image", "document"])
def test_a_file_of_the_files_api_is_refused_with_a_clear_message(refused, kind):
    block = {"type": kind, "source": {"type": "file", "file_id": "file_123"}}
    failure = refused([{"role": "user", "content": [block]}])
    assert failure.detail.param == "messages[0].content[0].source.file_id"
    assert "base64" in failure.message


def pdf(**more):
    return {
        "type": "document",
        "source": {"type": "base64", "media_type": "application/pdf", "data": "JVBERg=="},
        **more,
    }


@pytest.mark.parametrize(
    ("title", "name"),
    [(None, "document.pdf"), ("report.pdf", "report.pdf"), ("Report", "Report.pdf"), ("R.PDF", "R.PDF")],
)
def test_a_pdf_becomes_a_file_with_a_name(parts, title, name):
    assert parts(pdf(title=title)) == [
        {"type": "input_file", "filename": name, "file_data": "data:application/pdf;base64,JVBERg=="}
    ]


def test_the_context_of_a_pdf_comes_before_it(parts):
    assert parts(pdf(context="signed"))[0] == text("signed")


def test_a_document_url(parts):
    source = {"type": "url", "url": "https://example.org/a.pdf"}
    assert parts({"type": "document", "source": source}) == [
        {"type": "input_file", "file_url": "https://example.org/a.pdf"}
    ]


def test_a_text_document_becomes_text_with_title_and_context(parts):
    source = {"type": "text", "media_type": "text/plain", "data": "body"}
    block = {"type": "document", "source": source, "title": "T", "context": "C", "citations": {"enabled": True}}
    assert parts(block) == [text("T\nC\nbody")]


def test_a_content_document_becomes_its_parts(parts):
    source = {"type": "content", "content": [{"type": "text", "text": "a"}, IMAGE]}
    found = parts({"type": "document", "source": source, "title": "T"})
    assert found[:2] == [text("T"), text("a")]
    assert found[2]["type"] == "input_image"
    assert parts({"type": "document", "source": {"type": "content", "content": "plain"}}) == [text("plain")]


def test_a_search_result_becomes_text(parts):
    block = {
        "type": "search_result",
        "title": "Docs",
        "source": "https://example.org",
        "content": [{"type": "text", "text": "one"}, {"type": "text", "text": "two"}],
    }
    assert parts(block) == [text("Docs\nhttps://example.org"), text("one"), text("two")]


@pytest.mark.parametrize(
    "block",
    [
        {"type": "thinking", "thinking": "mine", "signature": "s"},
        {"type": "fallback", "to": {"model": "m"}},
        {"type": "mcp_tool_listing", "mcp_server_name": "s", "tools": []},
        {"type": "tool_use", "id": "t", "name": "T", "input": {}},
    ],
)
def test_what_has_no_meaning_in_a_user_message_is_skipped(parts, block):
    assert parts(block) == []


@pytest.mark.parametrize(
    ("block", "note"),
    [
        ({"type": "container_upload", "file_id": "f"}, "[file f is in a container that cannot be reached from here]"),
        (
            {"type": "a_kind_of_next_year", "data": {"x": 1}},
            "[content of type a_kind_of_next_year was left out: not supported here]",
        ),
    ],
)
def test_what_cannot_be_sent_is_named_in_its_place(parts, block, note):
    assert parts(block) == [text(note)]


@pytest.mark.parametrize(
    ("block", "param"),
    [
        ({"type": "image"}, "source"),
        ({"type": "image", "source": {"type": "base64"}}, "source.data"),
        ({"type": "image", "source": {"type": "url", "url": 1}}, "source.url"),
        ({"type": "document", "source": {}}, "source.type"),
        ({"type": "document", "source": {"type": "content", "content": [1]}}, "source.content[0]"),
        ({"type": "tool_result", "content": "x"}, "tool_use_id"),
        ({"type": "tool_result", "tool_use_id": "t", "content": [{"type": "image"}]}, "content[0].source"),
        ({"type": "tool_result", "tool_use_id": "t", "is_error": 1}, "is_error"),
    ],
)
def test_a_malformed_block_is_refused_with_its_place(refused, block, param):
    assert refused([{"role": "user", "content": [block]}]).detail.param == f"messages[0].content[0].{param}"
