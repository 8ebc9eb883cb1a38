"""What a server puts up with."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ConnectionLimits:
    """Bytes of a head, and seconds (0: for ever) of waiting for what is named.

    A client that was answered before it had sent all is listened to until it says nothing for `linger_timeout`, and
    for `linger_longest` in all.
    """

    header_bytes: int = 64 * 1024
    header_timeout: float = 30.0
    idle_timeout: float = 75.0
    write_timeout: float = 60.0
    linger_timeout: float = 2.0
    linger_longest: float = 30.0
