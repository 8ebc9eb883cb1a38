"""Towards an upstream: the race for an address that answers, and sockets that notice when the other end vanishes."""

from __future__ import annotations

import errno
import select
import socket
import sys
import time
from contextlib import suppress
from ipaddress import ip_address

import aiohappyeyeballs

from ..net import off_limits

STAGGER = 0.25
"""Seconds that an address has for itself before the next one is tried beside it (RFC 8305)."""
IDLE, INTERVAL, PROBES = 15, 5, 3
"""TCP keep-alive: seconds of silence before the first probe, seconds between probes, and how many go unanswered."""
UNHEARD = 25_000
"""Milliseconds that sent bytes may stay unacknowledged before the connection is given up."""

OWN_WANT = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM, errno.EADDRNOTAVAIL})
"""Errors of this machine: no descriptors, no memory, no port left. No upstream is to blame for them."""
_OWN_RESOLVER = frozenset(
    getattr(socket, name) for name in ("EAI_AGAIN", "EAI_FAIL", "EAI_MEMORY", "EAI_SYSTEM") if hasattr(socket, name)
)
"""Name look-ups that failed here; a name that is not known is another's fault."""


async def connect(host: str, port: int) -> socket.socket:
    """Return a connected socket to whichever address of a host answers first. Raises OSError when none does."""
    infos = [_info(address, port) for address in await off_limits.addresses(host, port)]
    try:
        sock = await aiohappyeyeballs.start_connection(infos, happy_eyeballs_delay=STAGGER, interleave=1)
    except RuntimeError as error:  # uvloop's, in the place of an OSError
        raise OSError(str(error)) from error
    watch(sock)
    return sock


def _info(address: str, port: int) -> tuple[socket.AddressFamily, socket.SocketKind, int, str, tuple[str | int, ...]]:
    if ip_address(address).version == 6:
        return socket.AF_INET6, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", (address, port, 0, 0)
    return socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", (address, port)


def watch(sock: socket.socket, unheard: int = UNHEARD) -> None:
    """Let the kernel find out when the other end is gone without a word. `unheard` 0: bytes may wait for ever."""
    options = [(socket.SOL_SOCKET, "SO_KEEPALIVE", 1), (socket.IPPROTO_TCP, "TCP_NODELAY", 1)]
    options += [(socket.IPPROTO_TCP, "TCP_KEEPIDLE", IDLE), (socket.IPPROTO_TCP, "TCP_KEEPINTVL", INTERVAL)]
    options += [(socket.IPPROTO_TCP, "TCP_KEEPCNT", PROBES)]
    options += [(socket.IPPROTO_TCP, "TCP_USER_TIMEOUT", unheard)] if unheard else []
    for level, name, value in options:
        if hasattr(socket, name):  # not every system has each
            with suppress(OSError):
                sock.setsockopt(level, getattr(socket, name), value)


def own_want(error: BaseException | None) -> bool:
    """Return True when it is this machine that lacks something, as the error or what it came of says."""
    while error is not None:
        if isinstance(error, socket.gaierror):
            return error.errno in _OWN_RESOLVER
        if isinstance(error, MemoryError) or (isinstance(error, OSError) and error.errno in OWN_WANT):
            return True
        error = error.__cause__ or error.__context__
    return False


def is_readable(descriptor: int) -> bool:
    """Return True when something has arrived: of an idle connection its end, or bytes that nobody asked for."""
    if sys.platform == "win32":
        return bool(select.select([descriptor], [], [], 0)[0])
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(0))


def unsent(descriptor: int) -> int:
    """Return the bytes that the other end has not acknowledged yet; 0 where the system does not tell."""
    try:
        import fcntl
        import termios
    except ImportError:
        return 0
    try:
        return int.from_bytes(fcntl.ioctl(descriptor, termios.TIOCOUTQ, b"\0\0\0\0"), sys.byteorder)
    except OSError:
        return 0


def awake() -> float:
    """Return seconds of a clock that also runs while the machine sleeps."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()
