"""Sizes of images, from their headers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jackfield.dialects.translate.images import image_size

PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + (640).to_bytes(4, "big") + (480).to_bytes(4, "big")
GIF = b"GIF89a" + (640).to_bytes(2, "little") + (480).to_bytes(2, "little")
FRAME = b"\x00\x11\x08" + (480).to_bytes(2, "big") + (640).to_bytes(2, "big")
JFIF = b"\xff\xe0\x00\x10JFIF\x00" + b"\x00" * 9
LOSSY = (
    b"RIFF\0\0\0\0WEBPVP8 \0\0\0\0\0\0\0\x9d\x01\x2a"
    + (640).to_bytes(2, "little")
    + (480 | 1 << 14).to_bytes(2, "little")
)
LOSSLESS = b"RIFF\0\0\0\0WEBPVP8L\0\0\0\0\x2f" + (639 | 479 << 14).to_bytes(4, "little")
EXTENDED = b"RIFF\0\0\0\0WEBPVP8X" + b"\0" * 8 + (639).to_bytes(3, "little") + (479).to_bytes(3, "little")

IMAGES = {
    "png": PNG,
    "gif": GIF,
    "gif87": GIF.replace(b"89a", b"87a"),
    "jpeg baseline": b"\xff\xd8" + JFIF + b"\xff\xc0" + FRAME,
    "jpeg progressive": b"\xff\xd8" + JFIF + b"\xff\xc2" + FRAME,
    "jpeg with tables, padding and marks before the frame": b"\xff\xd8\xff\x01\xff\xff\xc4\x00\x04ab\xff\xc1" + FRAME,
    "webp lossy": LOSSY,
    "webp lossless": LOSSLESS,
    "webp extended": EXTENDED,
}


@pytest.mark.parametrize("data", IMAGES.values(), ids=IMAGES)
def test_the_size_is_read(data):
    assert image_size(data + b"rest") == (640, 480)


@pytest.mark.parametrize("data", IMAGES.values(), ids=IMAGES)
def test_a_cut_header_has_no_size(data):
    assert image_size(data[:-3]) is None


@pytest.mark.parametrize(
    "data", [b"", b"BM", b"<svg>", b"\xff\xd8\xff\xd9", b"\xff\xd8abcdefghijkl", PNG[:16] + b"\0" * 8]
)
def test_what_is_not_known_has_no_size(data):
    assert image_size(data) is None


@given(
    st.sampled_from([b"", b"\xff\xd8", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"RIFF1234WEBPVP8 "]), st.binary(max_size=80)
)
def test_any_bytes_are_survived(head, rest):
    size = image_size(head + rest)
    assert size is None or len(size) == 2
