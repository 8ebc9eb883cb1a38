"""One heap of the C library for all threads.

glibc gives each thread a heap of its own, up to eight a core, and what is freed in one is of no use to another. Large
requests are read in threads, so that every heap in turn grew to the largest that its thread ever met: over hours the
process held three times as much free memory as with one heap. Python's threads take turns, so they do not wait for it.
"""

from __future__ import annotations

import ctypes
import os

_ARENA_MAX = -8
"""`M_ARENA_MAX` of malloc.h."""


def share_one() -> None:
    """Let all threads that begin from now on share one heap, with glibc; where the environment asks for more, leave it.

    Other C libraries have no such heaps.
    """
    asked = "MALLOC_ARENA_MAX" in os.environ or "arena_max" in os.environ.get("GLIBC_TUNABLES", "")
    if _is_glibc() and not asked:
        ctypes.CDLL(None).mallopt(_ARENA_MAX, 1)


def _is_glibc() -> bool:
    try:
        return bool(os.confstr("CS_GNU_LIBC_VERSION"))
    except (AttributeError, ValueError, OSError):
        return False
