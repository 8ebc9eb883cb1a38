"""Where an image or a document comes from: base64, a URL, a file; as the upstream takes it."""

from __future__ import annotations

import binascii
import mimetypes
import re
from collections.abc import Mapping
from typing import Any

from ...model.errors import ClientError, invalid_request
from ..known import refusal
from ..translate.fields import get_text, join, need_text
from .known import FIELDS

Source = Mapping[str, Any]

_USUAL = {"image": "image/png", "document": "application/pdf"}
_TEXTS = frozenset({"application/json", "application/xml", "application/yaml", "application/x-yaml"})
_INDEX = re.compile(r"\[(\d+)\]")
_NESTED = re.compile(r"(content\.\d+)\.content\.")
_HAS_ENDING = re.compile(r"\.[A-Za-z0-9]{1,5}$").search


def source_url(source: Source, path: str, kind: str) -> str:
    """Return the URL of an `image` or `document` (`kind`): its own, or a data URL of its base64 data.

    `path` is the block's. Raises ClientError (400) where there is nothing that the upstream could read; its words name
    the block as Anthropic's API does, since Claude Code then takes it out and asks again.
    """
    place = join(path, "source")
    if source.get("type") == "file" or "file_id" in source:
        raise _told(refusal(f"{place}.file_id", FIELDS["file_id"]), path, kind, "source.file.file_id")
    if "url" in source:
        return need_text(source, "url", place)
    if (given := source.get("type")) not in (None, "", "base64"):
        raise invalid_request(f"{place}.type: {given!r} is not known here; send base64 or a url", f"{place}.type")
    data = _data(source, path, kind)
    if data[:5].lower() == "data:":
        return data
    return f"data:{get_text(source, 'media_type', place, _USUAL[kind])};base64,{data}"


def _data(source: Source, path: str, kind: str) -> str:
    data = get_text(source, "data", join(path, "source")).strip()
    if data.partition("base64,")[2] if data[:5].lower() == "data:" else data:
        return data
    empty = invalid_request(f"{kind if kind == 'image' else 'PDF'} cannot be empty", f"{path}.source.data")
    raise _told(empty, path, kind, "source.base64")


def _told(failure: ClientError, path: str, kind: str, field: str) -> ClientError:
    """Return the 400 with its place in Anthropic's words: `messages.2.content.0.image.source.base64`."""
    place = _NESTED.sub(r"\1.tool_result.content.", _INDEX.sub(r".\1", path))
    words = failure.message.rpartition(": ")[2]
    return ClientError(failure.kind, f"{place}.{kind}.{field}: {words}", failure.detail)


def is_text(media_type: str) -> bool:
    """Return whether data of this media type is text, which the model reads best as such."""
    plain = media_type.partition(";")[0].strip().lower()
    return plain.startswith("text/") or plain in _TEXTS


def decoded(source: Source, path: str) -> str:
    """Return the text of base64 data; bytes that are no UTF-8 are replaced. Raises ClientError (400) for other data."""
    data = _data(source, path, "document")
    text = data.partition(",")[2] if data[:5].lower() == "data:" else data
    try:
        return binascii.a2b_base64(text.encode("ascii")).decode("utf-8-sig", "replace")
    except (binascii.Error, UnicodeEncodeError):
        place = f"{path}.source.data"
        raise invalid_request(f"{place}: must be base64", place) from None


def file_part(url: str, title: str) -> dict[str, Any]:
    """Return a file with its data. The upstream tells its format by the ending of its name."""
    media_type = url[5:].partition(";")[0].partition(",")[0].strip().lower()
    ending = ".pdf" if media_type == "application/pdf" else mimetypes.guess_extension(media_type) or ""
    name = title or f"document{ending or '.pdf'}"
    if ending and not name.lower().endswith(ending) and (ending == ".pdf" or not _HAS_ENDING(name)):
        name += ending
    return {"type": "input_file", "filename": name, "file_data": url}
