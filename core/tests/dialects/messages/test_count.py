"""count_tokens: all that would be sent, nothing that would not."""

import base64

import orjson
import pytest
from jackfield.dialects.messages.count import PER_ITEM, PER_PAGE, PER_TOOL, UNKNOWN_IMAGE, count_tokens
from jackfield.dialects.messages.signature import seal
from jackfield.dialects.tokens import count_texts
from jackfield.model.errors import ClientError


def count(messages="hi", **request):
    if isinstance(messages, str):
        messages = [{"role": "user", "content": messages}]
    return orjson.loads(count_tokens(orjson.dumps({"model": "m", "messages": messages, **request})))["input_tokens"]


def test_the_answer_is_one_number():
    assert count_tokens(b'{"messages": [{"role": "user", "content": "hello world"}]}') == b'{"input_tokens":6}'


def test_text_is_counted_exactly():
    assert count("hello world") == 2 + PER_ITEM
    assert count("a" * 5000) == 625 + PER_ITEM


def test_the_system_prompt_counts_without_the_billing_header():
    assert count(system="hello world") == count() + 2 + PER_ITEM
    blocks = [{"type": "text", "text": "x-anthropic-billing-header: cch=1"}, {"type": "text", "text": "hello world"}]
    assert count(system=blocks) == count(system="hello world")


def test_a_tool_counts_name_description_and_schema():
    schema = {"type": "object", "properties": {"path": {"type": "string", "description": "where to look"}}}
    tool = {"name": "Read", "description": "Read a file.", "input_schema": schema}
    expected = PER_TOOL + count_texts(["Read", "Read a file.", orjson.dumps(schema).decode()])
    assert count(tools=[tool]) == count() + expected


def test_a_deferred_tool_counts_like_any_other():
    tool = {"name": "Read", "input_schema": {"type": "object", "properties": {}}}
    assert count(tools=[{**tool, "defer_loading": True}]) == count(tools=[tool])


def turn(*blocks):
    return {"role": "assistant", "content": list(blocks)}


CALL = {"type": "tool_use", "id": "t1", "name": "Read", "input": {"path": "/tmp/a"}}
RESULT = {"type": "tool_result", "tool_use_id": "t1", "content": "one two three"}
ASK = {"role": "user", "content": "hi"}


def test_calls_and_results_are_counted():
    both = count([ASK, turn(CALL), {"role": "user", "content": [RESULT]}])
    assert both == count() + 2 * PER_ITEM + count_texts(["Read", '{"path":"/tmp/a"}', "one two three"])


def test_thinking_is_not_counted():
    thinking = {"type": "thinking", "thinking": "long thoughts", "signature": seal("fox", "BLOB" * 50)}
    said = {"type": "text", "text": "yes"}
    assert count([ASK, turn(thinking, said)]) == count([ASK, turn(said)])


def png(width, height, padding=0):
    head = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + width.to_bytes(4, "big") + height.to_bytes(4, "big")
    return base64.b64encode(head + b"\0" * padding).decode()


def image(data):
    return {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": data}}


def shown(block):
    return count([{"role": "user", "content": [block]}]) - PER_ITEM


def test_an_image_counts_by_its_size_not_by_its_bytes():
    assert shown(image(png(750, 100))) == 100
    assert shown(image(png(750, 100, padding=300_000))) == 100
    assert shown(image(png(4000, 3000))) == 1600


def test_an_image_of_unknown_size_counts_a_fixed_number():
    assert shown(image("AAAA")) == UNKNOWN_IMAGE
    assert shown(image("%%%")) == UNKNOWN_IMAGE
    assert shown({"type": "image", "source": {"type": "url", "url": "https://example.org/a.png"}}) == UNKNOWN_IMAGE


def test_a_jpeg_whose_frame_comes_late_is_read_to_the_end():
    block = b"\xff\xe1\xff\xff" + b"\0" * 65533
    frame = b"\xff\xc0\x00\x11\x08" + (300).to_bytes(2, "big") + (500).to_bytes(2, "big")
    data = base64.b64encode(b"\xff\xd8" + block * 2 + frame + b"\0" * 9).decode()
    assert shown(image(data)) == 200


def test_an_image_in_a_result_counts_too():
    result = {**RESULT, "content": [image(png(750, 100)), {"type": "text", "text": "one two three"}]}
    messages = [ASK, turn(CALL), {"role": "user", "content": [result]}]
    assert count(messages) == count([ASK, turn(CALL), {"role": "user", "content": [RESULT]}]) + 100


def document(data, media_type="application/pdf"):
    encoded = base64.b64encode(data).decode()
    return {"type": "document", "source": {"type": "base64", "media_type": media_type, "data": encoded}}


def test_a_pdf_counts_by_its_pages():
    pages = b"%PDF-1.7 <</Type /Pages /Count 2>> <</Type/Page>> <</Type /Page\n>>"
    assert shown(document(pages)) == 2 * PER_PAGE
    assert shown(document(b"%PDF-1.7" + b"\0" * 120_000)) == 3 * PER_PAGE


def test_other_files_count_by_their_bytes_and_unseen_ones_as_a_page():
    assert shown(document(b"x" * 4000, "application/zip")) == 1000
    assert shown({"type": "document", "source": {"type": "url", "url": "https://example.org/a.pdf"}}) == PER_PAGE


def test_a_wanted_schema_counts():
    given = {"type": "json_schema", "schema": {"type": "object", "properties": {}}}
    assert count(output_config={"format": given}) > count()


def test_dropped_fields_count_nothing():
    marked = [{"role": "user", "content": [{"type": "text", "text": "hi", "cache_control": {"type": "ephemeral"}}]}]
    assert count(marked, max_tokens=5, metadata={"user_id": "x" * 100}) == count()


def test_messages_without_content_can_be_counted():
    assert count([]) == 0
    assert count([{"role": "user", "content": ""}]) == 0


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"{}", b'{"messages": 1}'])
def test_a_malformed_request_is_refused(body):
    with pytest.raises(ClientError):
        count_tokens(body)
