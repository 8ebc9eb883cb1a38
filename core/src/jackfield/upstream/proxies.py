"""The way through a proxy: HTTP, by CONNECT where the upstream speaks TLS, and SOCKS5. The proxy looks names up."""

from __future__ import annotations

import asyncio
import socket
import struct
from base64 import b64encode
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Self
from urllib.parse import unquote

import httpx

from .sockets import connect

HEAD_LIMIT = 64 * 1024
"""Bytes that a proxy may answer CONNECT with."""

_PORTS = {"http": 80, "socks5": 1080, "socks5h": 1080}
_REFUSALS = {1: "it failed", 2: "not allowed", 3: "network unreachable", 4: "host unreachable", 5: "refused"}


@dataclass(frozen=True, slots=True)
class Proxy:
    """A proxy at which connections begin. `user` and `password` are "" where it wants none."""

    scheme: str
    host: str
    port: int
    user: str = ""
    password: str = ""

    @classmethod
    def parse(cls, url: httpx.URL) -> Self | None:
        """Return the proxy at a URL; None for a kind that is not known here (https)."""
        if url.scheme not in _PORTS:
            return None
        user, _, password = url.userinfo.decode().partition(":")
        port = url.port or _PORTS[url.scheme]
        return cls(url.scheme, url.raw_host.decode("ascii"), port, unquote(user), unquote(password))

    def forwards(self, scheme: str) -> bool:
        """Return True when requests for such URLs are sent to the proxy itself, in absolute form."""
        return self.scheme == "http" and scheme == "http"

    @property
    def authorization(self) -> bytes:
        """The header line with the user and the password; b"" without."""
        if not self.user:
            return b""
        return b"Proxy-Authorization: Basic " + b64encode(f"{self.user}:{self.password}".encode()) + b"\r\n"

    async def reach(self, scheme: str, host: str, port: int) -> socket.socket:
        """Return a socket whose next byte goes to the upstream, or to a proxy that forwards. Raises OSError."""
        sock = await connect(self.host, self.port)
        try:
            if self.scheme != "http":
                await self._socks(sock, host, port)
            elif not self.forwards(scheme):
                await self._tunnel(sock, host, port)
        except BaseException:
            sock.close()
            raise
        return sock

    async def _tunnel(self, sock: socket.socket, host: str, port: int) -> None:
        loop = asyncio.get_running_loop()
        target = (f"[{host}]:{port}" if ":" in host else f"{host}:{port}").encode()
        ask = b"CONNECT %s HTTP/1.1\r\nHost: %s\r\n%s\r\n" % (target, target, self.authorization)
        await loop.sock_sendall(sock, ask)
        head = b""
        while b"\r\n\r\n" not in head and len(head) <= HEAD_LIMIT:
            piece = await loop.sock_recv(sock, 4096)
            if not piece:
                raise OSError("the proxy closed the connection")
            head += piece
        version, _, status = str(head.partition(b"\r\n")[0], "latin-1").partition(" ")
        if not version.startswith("HTTP/1."):
            raise OSError("the proxy's answer is no HTTP; does its proxy-url name the right kind and port?")
        if not status.startswith("2"):
            raise OSError(refusal(status))
        if not head.endswith(b"\r\n\r\n"):
            raise OSError("the proxy sent more than its answer before anything was asked")

    async def _socks(self, sock: socket.socket, host: str, port: int) -> None:
        loop = asyncio.get_running_loop()
        await loop.sock_sendall(sock, b"\x05\x02\x00\x02" if self.user else b"\x05\x01\x00")
        _, method = await _exactly(sock, 2)
        if method == 2 and self.user:
            user, password = self.user.encode()[:255], self.password.encode()[:255]
            await loop.sock_sendall(sock, b"\x01%c%s%c%s" % (len(user), user, len(password), password))
            if (await _exactly(sock, 2))[1] != 0:
                raise OSError("the proxy refused its user or password")
        elif method != 0:
            raise OSError("the proxy wants another way to log in")
        await loop.sock_sendall(sock, b"\x05\x01\x00" + _address(host) + struct.pack("!H", port))
        _, reply, _, kind = await _exactly(sock, 4)
        if reply != 0:
            raise OSError(f"the proxy refused: {_REFUSALS.get(reply, f'reply {reply}')}")
        length = {1: 4, 4: 16}.get(kind) or (await _exactly(sock, 1))[0]
        await _exactly(sock, length + 2)


def refusal(status: str) -> str:
    """Return what is told of a proxy that answers with such a status and reason."""
    mend = "; give its user and password in proxy-url" if status.startswith("407") else ""
    return f"the proxy refused: {status[:100]}{mend}"


def _address(host: str) -> bytes:
    """Return a host as SOCKS5 writes it."""
    try:
        address = ip_address(host)
    except ValueError:
        name = host.encode("ascii")
        return b"\x03%c%s" % (len(name), name)
    return (b"\x01" if address.version == 4 else b"\x04") + address.packed


async def _exactly(sock: socket.socket, size: int) -> bytes:
    """Return so many bytes and not one more: what follows is the upstream's. Raises OSError at an end before."""
    data = b""
    while len(data) < size:
        piece = await asyncio.get_running_loop().sock_recv(sock, size - len(data))
        if not piece:
            raise OSError("the proxy closed the connection")
        data += piece
    return data
