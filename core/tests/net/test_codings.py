"""C6, U1: content codings are undone piece by piece, and never give more than was allowed."""

from __future__ import annotations

import gzip
import tracemalloc
import zlib
from collections.abc import Callable

import brotli
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jackfield.net.codings import (
    KNOWN,
    MOST_FRAMES,
    PIECE,
    BrokenCodingError,
    CodingError,
    Decoder,
    TooMuchError,
    UnknownCodingError,
    codings,
    decoded,
    zstd,
)

TEXT = b'{"model":"gpt-5","input":"' + b"hi there, " * 40_000 + b'"}'


def bare_deflate(data: bytes) -> bytes:
    made = zlib.compressobj(wbits=-15)
    return made.compress(data) + made.flush()


PACK: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "x-gzip": gzip.compress,
    "GZip": gzip.compress,
    "deflate": zlib.compress,
    "br": brotli.compress,
    "zstd": zstd.compress,
}


@pytest.mark.parametrize("name", PACK)
@pytest.mark.parametrize("size", [1, 7, PIECE, 10**9])
def test_a_coding_is_undone_however_it_arrives(name: str, size: int) -> None:
    decoder, packed = Decoder(name), PACK[name](TEXT)

    pieces = [out for start in range(0, len(packed), size) for out in decoder.feed(packed[start : start + size])]
    decoder.close()

    assert b"".join(pieces) == TEXT
    assert max(map(len, pieces)) <= 2 * PIECE


def test_deflate_without_the_header_of_zlib_is_read_too() -> None:
    assert decoded(bare_deflate(TEXT), ["deflate"], len(TEXT)) == TEXT


@pytest.mark.parametrize("name", ["gzip", "zstd"])
def test_several_frames_in_a_row_are_one_body(name: str) -> None:
    assert decoded(PACK[name](b"one ") + PACK[name](b"two"), [name], 100) == b"one two"


def test_frames_without_end_are_refused() -> None:
    with pytest.raises(BrokenCodingError, match="goes on"):
        decoded(gzip.compress(b"") * (MOST_FRAMES + 1), ["gzip"], 100)


@pytest.mark.parametrize("name", KNOWN)
def test_a_bomb_is_stopped_at_its_limit(name: str) -> None:
    bomb = PACK[name](bytes(50_000_000))
    tracemalloc.start()
    with pytest.raises(TooMuchError, match="1000000 bytes"):
        decoded(bomb, [name], 1_000_000)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert most < 4_000_000


@pytest.mark.parametrize("name", KNOWN)
def test_what_is_exactly_as_long_as_allowed_passes(name: str) -> None:
    assert decoded(PACK[name](TEXT), [name], len(TEXT)) == TEXT
    with pytest.raises(TooMuchError):
        decoded(PACK[name](TEXT), [name], len(TEXT) - 1)


@pytest.mark.parametrize("name", KNOWN)
@pytest.mark.parametrize("cut", [1, 2, 10, 0.5, -1])
def test_a_cut_frame_is_broken(name: str, cut: float) -> None:
    packed = PACK[name](TEXT)
    end = int(len(packed) * cut) if isinstance(cut, float) else cut

    with pytest.raises(BrokenCodingError):
        decoded(packed[:end], [name], 10**9)


@pytest.mark.parametrize("name", KNOWN)
@pytest.mark.parametrize("data", [b'{"model":"gpt-5"}', b"\x00" * 40, b"{}"])
def test_what_was_never_packed_is_broken(name: str, data: bytes) -> None:
    with pytest.raises(BrokenCodingError, match=name):
        decoded(data, [name], 10**9)


@pytest.mark.parametrize("name", KNOWN)
def test_what_follows_the_end_is_broken(name: str) -> None:
    with pytest.raises(BrokenCodingError):
        decoded(PACK[name](b"hi") + b"junk behind", [name], 10**9)


@pytest.mark.parametrize("name", KNOWN)
def test_nothing_is_a_whole_body(name: str) -> None:
    assert decoded(b"", [name], 10) == b""


def test_two_codings_are_undone_from_the_last_to_the_first() -> None:
    names = codings("gzip, , Identity,zstd")

    assert names == ["zstd", "gzip"]
    assert decoded(zstd.compress(gzip.compress(TEXT)), names, len(TEXT)) == TEXT


def test_an_unknown_coding_is_named() -> None:
    with pytest.raises(UnknownCodingError, match=r"'lzma'; known are gzip, deflate, br, zstd"):
        Decoder("lzma")


@given(st.sampled_from(KNOWN), st.lists(st.binary(max_size=40), max_size=6))
def test_any_bytes_give_bytes_or_an_error_of_ours(name: str, pieces: list[bytes]) -> None:
    decoder = Decoder(name, 1000)
    try:
        for piece in pieces:
            list(decoder.feed(piece))
        decoder.close()
    except CodingError:
        pass
