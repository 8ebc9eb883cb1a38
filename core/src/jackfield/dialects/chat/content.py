"""Message content: what Chat calls parts, as Responses parts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from ..known import refusal
from ..translate.fields import get_text, join, missing, need_object, need_text, text_or_objects
from .known import PARTS

Part: TypeAlias = dict[str, Any]

_LONGEST_WORD = 64
_DROPPED = frozenset({"thinking", "redacted_thinking", "reasoning", "reasoning_content"})
"""Parts by which clients hand back what they were shown of the reasoning; the upstream knows only its own."""

_TEXTS = frozenset({"text", "input_text", "output_text"})


def user_parts(content: object, path: str) -> list[Part]:
    """Return the parts of a user's message or of a tool's result, which may be text, images and files.

    Empty text is left out; what cannot be sent is named in its place, so that the model knows of it. Raises ClientError
    (400) for a part of the wrong shape and for audio, which the upstream does not hear.
    """
    return _parts(content, path, "input_text", _user_part)


def text_parts(content: object, path: str) -> list[Part]:
    """Return the parts of a system or developer message: text only, as `user_parts` in all else."""
    return _parts(content, path, "input_text", _unsupported)


def assistant_parts(content: object, path: str) -> list[Part]:
    """Return the parts of an assistant's message: text and refusals, as `user_parts` in all else."""
    return _parts(content, path, "output_text", _assistant_part)


_Reader = Callable[[Mapping[str, Any], str, str], Part | None]


def _parts(content: object, path: str, text_type: str, read: _Reader) -> list[Part]:
    entries = text_or_objects(content, path)
    if isinstance(entries, str):
        return [{"type": text_type, "text": entries}] if entries else []
    parts: list[Part] = []
    for entry, place in entries:
        part = _part(entry, place, text_type, read)
        if part is not None:
            parts.append(part)
    return parts


def _part(entry: Mapping[str, Any], path: str, text_type: str, read: _Reader) -> Part | None:
    kind = get_text(entry, "type", path, "text")
    if kind in _TEXTS:
        text = get_text(entry, "text", path)
        return {"type": text_type, "text": text} if text else None
    if kind in _DROPPED:
        return None
    return read(entry, path, text_type)


def _user_part(entry: Mapping[str, Any], path: str, text_type: str) -> Part | None:
    kind = entry.get("type")
    if kind in ("image_url", "input_image"):
        return _image(entry, path)
    if kind in ("file", "input_file"):
        flat = kind == "input_file" and "file" not in entry
        return _file(entry, path) if flat else _file(need_object(entry, "file", path), join(path, "file"))
    if kind == "input_audio":
        raise refusal(join(path, "type"), PARTS["input_audio"])
    return _unsupported(entry, path, text_type)


def _assistant_part(entry: Mapping[str, Any], path: str, text_type: str) -> Part | None:
    if entry.get("type") != "refusal":
        return _unsupported(entry, path, text_type)
    refusal = get_text(entry, "refusal", path)
    return {"type": "refusal", "refusal": refusal} if refusal else None


def _unsupported(entry: Mapping[str, Any], path: str, text_type: str) -> Part | None:
    """Return a text that stands for a part which cannot be sent."""
    kind = str(entry.get("type"))[:_LONGEST_WORD]
    return {"type": text_type, "text": f"[content of type {kind} was left out: not supported here]"}


def _image(entry: Mapping[str, Any], path: str) -> Part:
    """Return an image; its place may be `{url, detail}` or, as in the Responses API, the bare URL or a file's id."""
    given = entry.get("image_url")
    place = join(path, "image_url")
    detail = get_text(entry, "detail", path) or "auto"
    if type(given) is str and given:
        return {"type": "input_image", "image_url": given, "detail": detail}
    if given is None and (file_id := get_text(entry, "file_id", path)):
        return {"type": "input_image", "file_id": file_id, "detail": detail}
    image = need_object(entry, "image_url", path)
    return {
        "type": "input_image",
        "image_url": need_text(image, "url", place),
        "detail": get_text(image, "detail", place) or "auto",
    }


def _file(file: Mapping[str, Any], path: str) -> Part:
    data, file_id, url = (get_text(file, name, path) for name in ("file_data", "file_id", "file_url"))
    if data:
        return {"type": "input_file", "filename": get_text(file, "filename", path) or "document.pdf", "file_data": data}
    if file_id:
        return {"type": "input_file", "file_id": file_id}
    if url:
        return {"type": "input_file", "file_url": url}
    raise missing(join(path, "file_data"))
