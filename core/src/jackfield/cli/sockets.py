"""The sockets to listen on: bound before the app is built, so that a taken port is told at once."""

from __future__ import annotations

import errno
import socket
from collections.abc import Iterable
from contextlib import suppress

import click

BACKLOG = 2048
"""Connections that may wait to be accepted."""


def listen(host: str, port: int) -> list[socket.socket]:
    """Return a listening socket for each address of `host`, all on one port; port 0 takes a free one.

    Raises ClickException when none can be had.
    """
    sockets: list[socket.socket] = []
    try:
        for family, address in _addresses(host, port):
            chosen = sockets[0].getsockname()[1] if sockets and not port else port
            if bound := _bind(family, (address[0], chosen, *address[2:]), needed=not sockets):
                sockets.append(bound)
    except OSError as error:
        for opened in sockets:
            opened.close()
        raise click.ClickException(f"cannot listen on {host}:{port}: {_reason(error)}") from None
    except UnicodeError:  # a name with an empty or an endless label
        raise click.ClickException(f"cannot listen on {host!r}: it is neither an address nor a name") from None
    return sockets


def inherited(descriptors: Iterable[int]) -> list[socket.socket]:
    """Return the listening sockets that a parent process handed down."""
    return [socket.socket(fileno=descriptor) for descriptor in descriptors]


def urls(sockets: Iterable[socket.socket]) -> list[str]:
    """Return where clients reach the sockets."""
    return [_url(each) for each in sockets]


def _addresses(host: str, port: int) -> list[tuple[socket.AddressFamily, tuple[object, ...]]]:
    found = socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    by_version = sorted(found, key=lambda entry: entry[0] != socket.AF_INET)
    return list(dict.fromkeys((family, address) for family, _, _, _, address in by_version))


def _bind(family: socket.AddressFamily, address: tuple[object, ...], *, needed: bool) -> socket.socket | None:
    """Return a bound socket; None for a second address that this machine does not have (`localhost` without IPv6)."""
    bound = socket.socket(family, socket.SOCK_STREAM)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        _watch(bound)
        bound.bind(address)
        bound.listen(BACKLOG)
        bound.setblocking(False)
    except OSError as error:
        bound.close()
        if not needed and error.errno in (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT):
            return None
        raise
    return bound


def _watch(listening: socket.socket) -> None:
    """Let the kernel find out when a client is gone without a word: what is accepted inherits it."""
    options = [(socket.SOL_SOCKET, "SO_KEEPALIVE", 1), (socket.IPPROTO_TCP, "TCP_KEEPIDLE", 30)]
    options += [(socket.IPPROTO_TCP, "TCP_KEEPINTVL", 10), (socket.IPPROTO_TCP, "TCP_KEEPCNT", 3)]
    for level, name, value in options:
        if hasattr(socket, name):  # not every system has each
            with suppress(OSError):
                listening.setsockopt(level, getattr(socket, name), value)


def _reason(error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return "the port is taken; is jackfield running already? --port chooses another"
    if error.errno == errno.EACCES:
        return "this user may not; choose a port above 1023"
    return (error.strerror or str(error)).lower()


def _url(bound: socket.socket) -> str:
    host, port = bound.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
