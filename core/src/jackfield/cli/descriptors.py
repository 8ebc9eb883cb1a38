"""File descriptors: every stream takes two, its client's and its provider's, and the usual soft limit is 1,024."""

from __future__ import annotations

import os
from contextlib import suppress

PER_STREAM = 2


def raise_limit() -> int:
    """Raise the soft limit of descriptors to the hard one; return it, 0 where there is none. Workers inherit it."""
    try:
        import resource
    except ImportError:  # a system without such limits
        return 0
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(ValueError, OSError):  # some systems have a lower one that they do not tell
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return 0 if soft == resource.RLIM_INFINITY else soft


def fill_standard() -> None:
    """Put the null device in place of standard streams that whoever started this process had closed.

    Else the next files and sockets get their numbers, and what a library writes to a standard error goes to one of
    them. For the first moment of a process, and its children.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            opened = os.open(os.devnull, os.O_RDWR)  # the lowest number that is free, which is this one
            os.set_inheritable(opened, True)


def shortage(limit: int, max_streams: int) -> str:
    """Return what to tell of a limit that is too low for `limits.max-streams`; "" when it is not."""
    needed = PER_STREAM * max_streams
    if not limit or limit >= needed:
        return ""
    return (
        f"warning: this process may open {limit} files, but limits.max-streams: {max_streams} can need {needed}; "
        "raise the hard limit (ulimit -Hn, LimitNOFILE) or lower limits.max-streams"
    )
