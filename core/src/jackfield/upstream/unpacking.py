"""The body of an upstream's answer as it was before its coding: nobody asked for one, some relays use it all the same.

One coding is undone, in steps, so that a few bytes never become more than a reader takes.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from ..model.errors import Kind, UpstreamError
from ..net.codings import CodingError, Decoder, UnknownCodingError, codings

FREE = 4 * 1024 * 1024
"""Bytes that may come out whatever went in."""
RATIO = 200
"""How many times its size a body may become beyond that: text shrinks to a fiftieth at best."""

_MAGIC = {b"\x1f\x8b": "gzip", b"\x28\xb5\x2f\xfd": "zstd"}
"""How a body begins that is packed and does not say so; no event and no JSON does."""


def declared(header: str, host: str) -> Decoder | None:
    """Return what undoes the coding that a Content-Encoding names; None for none.

    Raises UpstreamError for several and for one that nobody here knows.
    """
    names = codings(header)
    if not names:
        return None
    if len(names) > 1:
        told = ", ".join(reversed(names))[:100]
        raise UpstreamError(
            Kind.UPSTREAM_ERROR, f"{host} answered in {len(names)} content codings ({told}); one at most is read"
        )
    try:
        return Decoder(names[0])
    except UnknownCodingError as error:
        raise UpstreamError(Kind.UPSTREAM_ERROR, f"{host}: its answer {error}") from None


def undeclared(start: bytes) -> Decoder | None:
    """Return what undoes the coding of a body that begins so, and whose headers name none; None for none."""
    for magic, name in _MAGIC.items():
        if start.startswith(magic) or (start and name == "gzip" and magic.startswith(start)):
            return Decoder(name)
    return None


async def unpacked(
    decoder: Decoder, pieces: AsyncIterator[bytes], host: str, start: bytes = b""
) -> AsyncIterator[bytes]:
    """Yield a body, whose first piece may have been read already, in pieces of bounded size.

    Raises what the pieces raise, and UpstreamError for a body that is not what its coding says, or becomes too much.
    """
    come, gone = 0, 0
    piece = start
    try:
        while piece or (piece := await anext(pieces, b"")):
            come += len(piece)
            for out in decoder.feed(piece):
                gone += len(out)
                if gone > FREE and gone > RATIO * come:
                    raise UpstreamError(
                        Kind.UPSTREAM_ERROR, f"{host}: its answer unpacks to more than {RATIO} times its size"
                    )
                yield out
                await asyncio.sleep(0)  # much may come out of one piece: others have their turn in between
            piece = b""
        decoder.close()
    except CodingError as error:
        raise UpstreamError(Kind.STREAM_CUT, f"{host}: its answer {error}") from None
