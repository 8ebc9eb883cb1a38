"""M1, M6: images and documents from base64, URLs and files; what is empty is refused in Anthropic's words."""

import base64

import pytest

PIXEL = "iVBORw0KGgo="


def b64(text):
    return base64.b64encode(text.encode() if isinstance(text, str) else text).decode()


def image(data=PIXEL, **source):
    return {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": data, **source}}


def document(data, media_type="text/plain", **more):
    return {"type": "document", "source": {"type": "base64", "media_type": media_type, "data": data}, **more}


def result(*blocks):
    return {"type": "tool_result", "tool_use_id": "t", "content": list(blocks)}


def user(*blocks):
    return {"role": "user", "content": list(blocks)}


@pytest.fixture
def parts(items):
    return lambda *blocks: items(user(*blocks))[0]["content"]


ASK = {"role": "user", "content": "go"}
CALL = {"role": "assistant", "content": [{"type": "tool_use", "id": "t", "name": "Read", "input": {}}]}


@pytest.mark.parametrize("data", ["", None, "  ", "data:image/png;base64,"])
def test_an_empty_image_in_a_result_is_refused_in_anthropics_words(refused, data):
    failure = refused([ASK, CALL, user(result(image(data)))])
    place = "messages.2.content.0.tool_result.content.0.image.source.base64"
    assert failure.message == f"{place}: image cannot be empty"
    assert failure.detail.param == "messages[2].content[0].content[0].source.data"


def test_an_empty_image_of_the_user_is_refused_in_anthropics_words(refused):
    failure = refused([user({"type": "text", "text": "look"}, image(""))])
    assert failure.message == "messages.0.content.1.image.source.base64: image cannot be empty"


def test_an_empty_document_is_refused_in_anthropics_words(refused):
    failure = refused([user(document("", "application/pdf"))])
    assert failure.message == "messages.0.content.0.document.source.base64: PDF cannot be empty"


@pytest.mark.parametrize(("kind", "where"), [("image", "image"), ("document", "document")])
def test_a_file_of_anthropics_is_refused_in_anthropics_words(refused, kind, where):
    block = {"type": kind, "source": {"type": "file", "file_id": "file_1"}}
    assert refused([ASK, CALL, user(result(block))]).message.startswith(
        f"messages.2.content.0.tool_result.content.0.{where}.source.file.file_id: "
    )


def test_data_that_is_a_url_already_gets_no_second_beginning(parts):
    [part] = parts(image(f"data:image/png;base64,{PIXEL}"))
    assert part["image_url"] == f"data:image/png;base64,{PIXEL}"
    [part] = parts(document("data:application/pdf;base64,JVBERi0=", "application/pdf"))
    assert part["file_data"] == "data:application/pdf;base64,JVBERi0="


@pytest.mark.parametrize(
    "media_type", ["text/plain", "text/csv", "text/markdown; charset=utf-8", "TEXT/HTML", "application/json"]
)
def test_text_in_base64_goes_up_as_text(parts, media_type):
    block = document(b64("Grüße\n对话"), media_type, title="notes", context="old")
    assert parts(block) == [{"type": "input_text", "text": "notes\nold\nGrüße\n对话"}]


def test_text_with_a_mark_of_its_order_or_broken_bytes_goes_up_all_the_same(parts):
    assert parts(document(b64(b"\xef\xbb\xbfa\xff")))[0]["text"] == "a\ufffd"
    assert parts(document(f"data:text/plain;base64,{b64('a')}"))[0]["text"] == "a"


def test_text_that_is_no_base64_is_refused_with_its_place(refused):
    assert refused([user(document("äöü"))]).detail.param == "messages[0].content[0].source.data"


@pytest.mark.parametrize(
    ("media_type", "title", "name"),
    [
        ("application/pdf", "", "document.pdf"),
        ("application/pdf", "Report", "Report.pdf"),
        ("application/pdf", "v1.2", "v1.2.pdf"),
        ("application/pdf", "a.PDF", "a.PDF"),
        ("application/zip", "", "document.zip"),
        ("application/zip", "Things", "Things.zip"),
        ("application/zip", "Things.7z", "Things.7z"),
        ("application/x-nobody-knows", "", "document.pdf"),
    ],
)
def test_a_file_is_named_by_its_title_and_its_kind(parts, media_type, title, name):
    assert parts(document("UEs=", media_type, title=title))[0]["filename"] == name
