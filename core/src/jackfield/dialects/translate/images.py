"""The size of an image, read from its first bytes: PNG, JPEG, GIF and WebP."""

from __future__ import annotations

from typing import Literal, TypeAlias

Size: TypeAlias = tuple[int, int]
"""Width and height in pixels."""

_JPEG_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_JPEG_BARE = frozenset({0x01, *range(0xD0, 0xD9)})


def image_size(data: bytes) -> Size | None:
    """Return the size of the image that begins with `data`; None when the format is unknown or the header is cut."""
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return _checked(data[16:20], data[20:24], "big")
    if data.startswith((b"GIF87a", b"GIF89a")):
        return _checked(data[6:8], data[8:10], "little")
    if data.startswith(b"\xff\xd8"):
        return _jpeg(data)
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return _webp(data)
    return None


def _checked(width: bytes, height: bytes, order: Literal["big", "little"]) -> Size | None:
    size = int.from_bytes(width, order), int.from_bytes(height, order)
    return size if all(size) else None


def _jpeg(data: bytes) -> Size | None:
    """Walk the segments up to the frame header, which holds height and width."""
    at = 2
    while at + 9 <= len(data):
        if data[at] != 0xFF:
            return None
        marker = data[at + 1]
        if marker in _JPEG_FRAMES:
            return _checked(data[at + 7 : at + 9], data[at + 5 : at + 7], "big")
        if marker == 0xFF:
            at += 1
        elif marker in _JPEG_BARE:
            at += 2
        else:
            at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    return None


def _webp(data: bytes) -> Size | None:
    kind = data[12:16]
    if kind == b"VP8X" and len(data) >= 30:
        return 1 + int.from_bytes(data[24:27], "little"), 1 + int.from_bytes(data[27:30], "little")
    if kind == b"VP8L" and len(data) >= 25:
        bits = int.from_bytes(data[21:25], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    if kind == b"VP8 " and len(data) >= 30:
        width, height = int.from_bytes(data[26:28], "little"), int.from_bytes(data[28:30], "little")
        return width & 0x3FFF, height & 0x3FFF
    return None
