"""Content blocks of a Messages request, as the parts of a Responses message or of a tool's output.

Every reader takes a block and its path and returns parts of the user's kind (`input_text`, `input_image`,
`input_file`); none for a block that makes no difference. A block of an unknown type is named in its place, so that
nothing is swallowed. `cache_control` and `citations` are never read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeAlias

from ..known import find
from ..translate.fields import get_text, join, need_object, need_text, text_or_objects
from .known import BLOCKS
from .sources import decoded, file_part, is_text, source_url
from .system import left_out

Part: TypeAlias = dict[str, Any]
Block: TypeAlias = Mapping[str, Any]

_READABLE = (
    "title",
    "url",
    "text",
    "stdout",
    "stderr",
    "content",
    "source",
    "tool_references",
    "tool_name",
    "error_code",
)


def parts_of(block: Block, path: str) -> list[Part]:
    """Return the parts that a block stands for. Raises ClientError (400) naming the place that is wrong."""
    kind = need_text(block, "type", path)
    reader = _READERS.get(kind)
    if reader is not None:
        return reader(block, path)
    if kind.endswith("_tool_result"):
        return text_parts("\n".join(_readable(block.get("content"))))
    return [] if find(BLOCKS, kind) else text_parts(left_out(kind))


def text_parts(text: str) -> list[Part]:
    """Return the text as a part; none for the empty text, which the upstream refuses."""
    return [{"type": "input_text", "text": text}] if text else []


def content_parts(content: object, path: str) -> list[Part]:
    """Return the parts of what may be a string or a list of blocks."""
    blocks = text_or_objects(content, path)
    if isinstance(blocks, str):
        return text_parts(blocks)
    return [part for block, place in blocks for part in parts_of(block, place)]


def _text(block: Block, path: str) -> list[Part]:
    return text_parts(get_text(block, "text", path))


def _image(block: Block, path: str) -> list[Part]:
    source = need_object(block, "source", path)
    return [{"type": "input_image", "image_url": source_url(source, path, "image"), "detail": "auto"}]


def _document(block: Block, path: str) -> list[Part]:
    source, place = need_object(block, "source", path), join(path, "source")
    title, context = get_text(block, "title", path), get_text(block, "context", path)
    kind = need_text(source, "type", place)
    if kind == "text":
        return text_parts(_lines(title, context, get_text(source, "data", place)))
    if kind == "content":
        return text_parts(_lines(title, context)) + content_parts(source.get("content"), join(place, "content"))
    if kind == "base64" and is_text(get_text(source, "media_type", place)):
        return text_parts(_lines(title, context, decoded(source, path)))
    url = source_url(source, path, "document")
    file = file_part(url, title) if kind == "base64" else {"type": "input_file", "file_url": url}
    return [*text_parts(context), file]


def _search_result(block: Block, path: str) -> list[Part]:
    head = _lines(get_text(block, "title", path), get_text(block, "source", path))
    return text_parts(head) + content_parts(block.get("content"), join(path, "content"))


def _compaction(block: Block, path: str) -> list[Part]:
    return text_parts(get_text(block, "content", path))


def _container_upload(block: Block, path: str) -> list[Part]:
    name = get_text(block, "file_id", path)
    return text_parts(f"[file {name} is in a container that cannot be reached from here]")


def _tool_reference(block: Block, path: str) -> list[Part]:
    return text_parts(f"Tool {need_text(block, 'tool_name', path)} is now available.")


def _nothing(block: Block, path: str) -> list[Part]:
    return []


_READERS: Mapping[str, Callable[[Block, str], list[Part]]] = {
    "text": _text,
    "image": _image,
    "document": _document,
    "search_result": _search_result,
    "tool_reference": _tool_reference,
    "compaction": _compaction,
    "container_upload": _container_upload,
    # The text that follows a search tells what was found; the results themselves are encrypted.
    "web_search_tool_result": _nothing,
}


def _lines(*texts: str) -> str:
    return "\n".join(text for text in texts if text)


def _readable(value: object) -> Iterator[str]:
    """Yield what a person could read in the result of a server's tool, whatever its shape."""
    if isinstance(value, str):
        if value:
            yield value
    elif isinstance(value, list):
        for inner in value:
            yield from _readable(inner)
    elif isinstance(value, dict):
        keys = (*_READABLE, "data") if value.get("type") == "text" else _READABLE
        for key in keys:
            yield from _readable(value.get(key))
