"""Asking a running server through its management API."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import orjson
from jackfield.api import TOKEN_HEADER, ConfigError, Document, JackfieldError, is_hash, local_token, revealed

TIMEOUT = 30.0
"""Seconds until a server that says nothing counts as gone."""

_HOST, _PORT = "127.0.0.1", 8317
_ANY = {"0.0.0.0": "127.0.0.1", "": "127.0.0.1", "::": "[::1]"}  # noqa: S104  # what a server binds, read and not bound


_GIVE = "give the management key with --key or in JACKFIELD_MANAGEMENT_KEY"


class RemoteError(Exception):
    """The server did not answer the question; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Remote:
    """A server: its root URL, the management key, and the token of local commands ("" for none)."""

    url: str
    key: str
    token: str = ""

    def ask(self, path: str, **query: str) -> dict[str, Any]:
        """Return the JSON that a path of the management API gives. Raises RemoteError."""
        named = {name.replace("_", "-"): value for name, value in query.items() if value}
        try:
            status, body = self._get(f"/v0/management{path}?{urlencode(named)}")
        except (OSError, HTTPException) as error:
            hint = "is it running? --url names another"
            raise RemoteError(f"{self.url} does not answer ({error or type(error).__name__}); {hint}") from None
        try:
            answer = orjson.loads(body)
        except orjson.JSONDecodeError:
            answer = {}
        if status != 200 or not isinstance(answer, dict):
            raise RemoteError(_complaint(self.url, status, answer))
        return answer

    def _get(self, target: str) -> tuple[int, bytes]:
        """Return status and body. Nothing is followed anywhere: the key goes to this server alone."""
        parts = urlsplit(self.url)
        connection: HTTPConnection
        if parts.scheme == "https":
            context = ssl.create_default_context()
            connection = HTTPSConnection(parts.hostname or "", parts.port, timeout=TIMEOUT, context=context)
        else:
            connection = HTTPConnection(parts.hostname or "", parts.port, timeout=TIMEOUT)
        try:
            headers = {"Authorization": f"Bearer {self.key}".encode()} if self.key else {}
            headers |= {TOKEN_HEADER: self.token.encode()} if self.token else {}
            connection.request("GET", parts.path.rstrip("/") + target, headers=headers)
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()


def _complaint(url: str, status: int, answer: object) -> str:
    parts = [answer.get(part) for part in ("error", "message")] if isinstance(answer, Mapping) else []
    told = ": ".join(str(part) for part in parts if part)
    said = f"{url} says {status}" + (f" ({told})" if told else "")
    if status == 401:
        return f"{said}; {_GIVE}"
    if status == 404:
        return f"{said}; it needs a management key (remote-management.secret-key) and the plugins management and tps"
    return said


def found(url: str, key: str, path: Path | None) -> Remote:
    """Return the server that is named, or else the one that a configuration file describes. Raises RemoteError."""
    data = {} if url and key else _read(path)
    url = url or _url(data)
    url = url if "://" in url else f"http://{url}"
    if not _is_server(url):
        raise RemoteError(f"{url} is no URL of a server, such as http://127.0.0.1:8317")
    token = "" if key else local_token(path, url)
    try:
        return Remote(url.rstrip("/"), key or _key(data, path), token)
    except RemoteError:
        if not token:  # with it nobody needs the key
            raise
        return Remote(url.rstrip("/"), "", token)


def _is_server(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port that is no number
        return False


def _read(path: Path | None) -> Mapping[str, Any]:
    try:
        return Document.read(path).data
    except ConfigError as error:
        raise RemoteError(f"{path} cannot be read: {error}; name the server with --url and --key") from None


def _url(data: Mapping[str, Any]) -> str:
    host, port = str(data.get("host", _HOST)), data.get("port", _PORT)
    host = f"[{host}]" if ":" in host and host not in _ANY else host
    return f"http://{_ANY.get(host, host)}:{port}"


def _key(data: Mapping[str, Any], path: Path | None) -> str:
    """Return the key in the configuration, "" when there is none. Raises RemoteError for one that cannot be used."""
    section = data.get("remote-management")
    written = section.get("secret-key") if isinstance(section, Mapping) else None
    if not isinstance(written, str):
        return ""
    if is_hash(written):
        raise RemoteError(f"{path or 'config.yaml'} has the management key as a hash, which opens nothing; {_GIVE}")
    try:
        return revealed(written, path) if written else ""
    except JackfieldError as error:
        raise RemoteError(f"the management key cannot be had: {error}, or give it with --key") from None
