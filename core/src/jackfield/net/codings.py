"""Content codings (RFC 9110 8.4) undone piece by piece, so that a few bytes never become more than they may.

Both directions use it: the bodies of clients' requests and the answers of upstreams.
"""

from __future__ import annotations

import sys
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Protocol

import brotli

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

PIECE = 64 * 1024
"""Bytes that are unpacked in one step, about; and bytes that are looked at in one step."""

MOST_FRAMES = 4096
"""Frames (gzip: members) in one body. Each costs as much to begin as some KiB of text."""

WINDOW_LOG = 23
"""The widest window of a zstd frame, as a power of two: the 8 MiB that RFC 9659 allows as a content coding."""


class CodingError(ValueError):
    """What cannot be decoded. Its words are a sentence without its subject: "is not whole: its gzip is cut"."""


class UnknownCodingError(CodingError):
    """A coding that nobody here knows. `name` is its name as the peer wrote it."""

    def __init__(self, name: str) -> None:
        super().__init__(f"has the content coding {name[:64]!r}; known are {', '.join(KNOWN)}")
        self.name = name


class BrokenCodingError(CodingError):
    """Bytes that are not what their coding says, or that end too early."""


class TooMuchError(CodingError):
    """More came out than `limit` bytes."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"is larger than {limit} bytes when it is unpacked")
        self.limit = limit


class _Frame(Protocol):
    """One compressed frame under way."""

    @property
    def ended(self) -> bool:
        """True after its end."""
        ...

    def step(self, data: bytes) -> tuple[bytes, bytes]:
        """Return about PIECE bytes that come out, and what of `data` was not taken yet.

        Nothing out and nothing left means that more input is needed.
        """
        ...


class _Zlib:
    """gzip, or deflate with the header of zlib or without."""

    def __init__(self, bits: int) -> None:
        self._inflate = zlib.decompressobj(bits)

    @property
    def ended(self) -> bool:
        return self._inflate.eof

    def step(self, data: bytes) -> tuple[bytes, bytes]:
        out = self._inflate.decompress(data, PIECE)
        return out, self._inflate.unused_data if self._inflate.eof else self._inflate.unconsumed_tail


class _Zstd:
    def __init__(self) -> None:
        options: dict[int, int] = {zstd.DecompressionParameter.window_log_max: WINDOW_LOG}
        self._frame = zstd.ZstdDecompressor(options=options)

    @property
    def ended(self) -> bool:
        return self._frame.eof

    def step(self, data: bytes) -> tuple[bytes, bytes]:
        out = self._frame.decompress(data, PIECE)
        return out, self._frame.unused_data if self._frame.eof else b""


class _Brotli:
    """Brotli has one frame. What it was given and has not taken is kept inside, and a second helping refused."""

    def __init__(self) -> None:
        self._inflate = brotli.Decompressor()

    @property
    def ended(self) -> bool:
        return bool(self._inflate.is_finished())

    def step(self, data: bytes) -> tuple[bytes, bytes]:
        full = not self._inflate.can_accept_more_data()
        out: bytes = self._inflate.process(b"" if full else data, output_buffer_limit=PIECE)
        return out, data if full else b""


def _deflate(start: bytes) -> _Frame:
    """Return the frame for "deflate": with the header of zlib as the RFC wants it, or bare as some clients send it."""
    headed = start[0] & 0x0F == 8 and start[0] >> 4 <= 7 and int.from_bytes(start[:2], "big") % 31 == 0
    return _Zlib(15 if headed else -15)


_FRAMES: Mapping[str, Callable[[bytes], _Frame]] = {
    "gzip": lambda _: _Zlib(31),
    "deflate": _deflate,
    "br": lambda _: _Brotli(),
    "zstd": lambda _: _Zstd(),
}
_ALSO = {"x-gzip": "gzip"}
_HEAD = 2
"""Bytes by which a deflate shows what it is."""

KNOWN = tuple(_FRAMES)
"""The codings that can be undone."""


class Decoder:
    """Undoes one coding. Feed it what arrives, take what comes out, and `close` it at the end.

    `limit` bounds the bytes that come out in all (None: no bound). Not for several threads at once, but any thread.
    """

    def __init__(self, coding: str, limit: int | None = None) -> None:
        """Raises UnknownCodingError."""
        self.coding = _ALSO.get(coding.lower(), coding.lower())
        if self.coding not in _FRAMES:
            raise UnknownCodingError(coding)
        self._limit = limit
        self._frame: _Frame | None = None
        self._frames = 0
        self._head = b""
        self._size = 0

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Yield what comes out of `data`, in pieces of about PIECE bytes, none of them empty.

        Raises BrokenCodingError, and TooMuchError when the limit is passed. What was yielded before is sound.
        """
        # In slices: zlib copies what is left at every step, which of a long piece would be quadratic.
        for start in range(0, len(data), PIECE):
            yield from self._unpack(data[start : start + PIECE])

    def _unpack(self, data: bytes) -> Iterator[bytes]:
        while True:
            if self._frame is None or self._frame.ended:
                data, self._head = self._head + data, b""
                if len(data) < _HEAD:
                    self._head = data
                    return
                self._begin(data)
            assert self._frame is not None  # noqa: S101  # begun just now
            out, data = self._step(self._frame, data)
            if out:
                yield out
            elif not data:
                return

    def _begin(self, start: bytes) -> None:
        self._frames += 1
        if self._frames > (1 if self.coding in ("br", "deflate") else MOST_FRAMES):
            raise BrokenCodingError(f"goes on after the end of its {self.coding}")
        self._frame = _FRAMES[self.coding](start)

    def _step(self, frame: _Frame, data: bytes) -> tuple[bytes, bytes]:
        try:
            out, rest = frame.step(data)
        except (zlib.error, zstd.ZstdError, brotli.error):
            raise BrokenCodingError(f"is not {self.coding}, as its content coding says, or is damaged") from None
        self._size += len(out)
        if self._limit is not None and self._size > self._limit:
            raise TooMuchError(self._limit)
        return out, rest

    def close(self) -> None:
        """Raise BrokenCodingError when the last frame has not come to its end. Nothing at all is a whole body."""
        if self._head or (self._frame is not None and not self._frame.ended):
            raise BrokenCodingError(f"is not whole: its {self.coding} is cut")


def codings(header: str) -> list[str]:
    """Return the names in a Content-Encoding header in the order in which they are to be undone, the last first."""
    names = [name.strip() for name in header.split(",")]
    return [name for name in reversed(names) if name and name.lower() != "identity"]


def decoded(data: bytes, names: Sequence[str], limit: int) -> bytes:
    """Return a whole body with its codings undone, in this order (see `codings`); none of them may give over `limit`.

    Raises CodingError. Long work: of much data to be called in a thread.
    """
    for decoder in [Decoder(name, limit) for name in names]:
        data = b"".join(decoder.feed(data))
        decoder.close()
    return data
