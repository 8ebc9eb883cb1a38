"""`count_tokens`: how many input tokens a Messages request has, without asking anyone.

Counted is what would be sent after translation, so accounting lines, foreign thinking and dropped fields count nothing.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterable, Iterator, Mapping
from math import ceil
from typing import Any

import orjson

from ..tokens import count_texts
from ..translate.images import image_size
from ..translate.names import NameMap
from ..translate.reading import read_object
from .history import History
from .request import refuse_thread, translate
from .tools import tool_names

PER_ITEM = 4
PER_TOOL = 8
UNKNOWN_IMAGE = 1500
LARGEST_IMAGE = 1600
PER_PAGE = 2000

_PIXELS_PER_TOKEN = 750
_BYTES_PER_PAGE = 50_000
_BYTES_PER_TOKEN = 4
_HEADER = 64 * 1024
_pages = re.compile(rb"/Type\s*/Page(?![A-Za-z])").findall


def count_tokens(body: bytes) -> bytes:
    """Return the JSON answer to a count_tokens request: `{"input_tokens": n}`.

    Takes milliseconds for a megabyte, and lets other threads run meanwhile. Raises ClientError (400) naming the place
    that is wrong.
    """
    request = read_object(body)
    refuse_thread(request)
    names = NameMap.of(tool_names(request))
    return orjson.dumps({"input_tokens": count_body(translate(request, names, History(names)))})


def count_body(body: Mapping[str, Any]) -> int:
    """Return the input tokens of a translated request: texts exactly, images and files by their size."""
    texts: list[str] = [body["instructions"]]
    weight = PER_ITEM if body["instructions"] else 0
    for item in body["input"]:
        if item["type"] != "reasoning":
            weight += PER_ITEM + _weigh(_parts(item), texts)
            texts += (item[key] for key in ("name", "arguments") if key in item)
    for tool in body.get("tools", []):
        weight += PER_TOOL
        texts += _tool_texts(tool)
    if "text" in body:
        texts.append(orjson.dumps(body["text"]["format"]["schema"]).decode())
    return count_texts(texts) + weight


def _parts(item: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    content = item.get("content") or item.get("output") or []
    if isinstance(content, str):
        yield {"text": content}
    else:
        yield from content


def _weigh(parts: Iterable[Mapping[str, Any]], texts: list[str]) -> int:
    """Add the texts of parts to `texts`; return the tokens of their images and files."""
    weight = 0
    for part in parts:
        if "text" in part:
            texts.append(part["text"])
        elif "image_url" in part:
            weight += image_tokens(part["image_url"])
        else:
            weight += _file_tokens(part.get("file_data", ""))
    return weight


def _tool_texts(tool: Mapping[str, Any]) -> Iterator[str]:
    for key in ("name", "description"):
        if key in tool:
            yield tool[key]
    if "parameters" in tool:
        yield orjson.dumps(tool["parameters"]).decode()


def image_tokens(url: str) -> int:
    """Return the tokens of an image by its width and height, which a data URL tells; not by the length of its data."""
    data = _base64(url)
    size = image_size(_decoded(data[:_HEADER])) or image_size(_decoded(data))
    if size is None:
        return UNKNOWN_IMAGE
    return min(LARGEST_IMAGE, ceil(size[0] * size[1] / _PIXELS_PER_TOKEN))


def _file_tokens(url: str) -> int:
    """Return an estimate: a PDF by its pages, anything else by its bytes, a file that is not here as one page."""
    data = _decoded(_base64(url))
    if data.startswith(b"%PDF"):
        return PER_PAGE * (len(_pages(data)) or ceil(len(data) / _BYTES_PER_PAGE))
    return ceil(len(data) / _BYTES_PER_TOKEN) or PER_PAGE


def _base64(url: str) -> str:
    return url.partition(";base64,")[2] if url.startswith("data:") else ""


def _decoded(text: str) -> bytes:
    """Return the bytes of base64 text; b"" when it is none."""
    try:
        return binascii.a2b_base64(text.encode())
    except binascii.Error:
        return b""
