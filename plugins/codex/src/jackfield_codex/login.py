"""A login of the Codex CLI: what its `auth.json` holds, read and never trusted."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
from jackfield.api import Endpoint, Secret, read_whole

BACKEND = "https://chatgpt.com/backend-api/codex"
"""Where the tokens of a ChatGPT account are valid."""

PLATFORM = "https://api.openai.com/v1"
"""Where an API key in a login file is valid."""

MEND = "run `codex login`"

_CLAIMS = "https://api.openai.com/auth"


class LoginError(Exception):
    """The file holds no login that can be used; the message says why and what to do, and has no secret in it."""


@dataclass(frozen=True, slots=True)
class Login:
    """What a login file holds.

    Either `access_token` with what belongs to it, for `base_url`, or an `api_key` alone. `document` is the whole file.
    """

    path: Path
    base_url: str
    api_key: Secret = field(default=Secret(""))
    access_token: Secret = field(default=Secret(""))
    refresh_token: Secret = field(default=Secret(""))
    account: str = ""
    email: str = ""
    document: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @classmethod
    def read(cls, path: Path) -> Login:
        """Return the login in a file. Raises LoginError."""
        return cls.of(path, _document(path))

    @classmethod
    def of(cls, path: Path, document: Mapping[str, Any]) -> Login:
        """Return the login in the content of a file. Raises LoginError."""
        found = document.get("tokens")
        tokens: Mapping[str, Any] = found if isinstance(found, dict) else {}
        access, key = _text(tokens, "access_token"), _text(document, "OPENAI_API_KEY")
        if key and (not access or _text(document, "auth_mode").lower() == "apikey"):
            return cls(path, PLATFORM, api_key=Secret(key), document=document)
        if not access:
            raise LoginError(f"{path.name} holds no access token and no API key; {MEND}")
        identity = claims(_text(tokens, "id_token"))
        return cls(
            path,
            _text(document, "base_url") or BACKEND,
            access_token=Secret(access),
            refresh_token=Secret(_text(tokens, "refresh_token")),
            account=_text(tokens, "account_id") or _account_in(identity) or _account_in(claims(access)),
            email=_text(identity, "email"),
            document=document,
        )

    @property
    def generation(self) -> str:
        """What names the refresh token without telling it: another one is another login."""
        return hashlib.sha256(self.refresh_token.reveal().encode()).hexdigest()

    def renewed(self, answer: Mapping[str, Any], now: datetime) -> str:
        """Return the file's text with the tokens of a token endpoint's answer; all other fields stay as they are."""
        fresh = {
            name: value for name in ("id_token", "access_token", "refresh_token") if (value := _text(answer, name))
        }
        told = now.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
        document = {**self.document, "tokens": {**self.document["tokens"], **fresh}, "last_refresh": told}
        return orjson.dumps(document, option=orjson.OPT_INDENT_2).decode()


@dataclass(frozen=True, slots=True)
class LoginEndpoint(Endpoint):
    """The pair of a login; `path` is the file that it comes from."""

    path: Path = field(default_factory=Path)


def endpoint_of(login: Login, proxy_url: str = "") -> LoginEndpoint:
    """Return the URL and the token of a login, with the account that the backend wants named."""
    headers = {"chatgpt-account-id": login.account} if login.account else {}
    return LoginEndpoint(login.base_url, login.access_token, headers, proxy_url, path=login.path)


def claims(token: str) -> Mapping[str, Any]:
    """Return what a JWT says of itself, unchecked; nothing for a token of another kind."""
    parts = token.split(".")
    if len(parts) != 3:
        return {}
    try:
        body = orjson.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def expiry(token: Secret) -> float | None:
    """Return when an access token expires, in seconds since 1970; None when it does not say."""
    moment = claims(token.reveal()).get("exp")
    return float(moment) if isinstance(moment, (int, float)) and not isinstance(moment, bool) else None


def _document(path: Path) -> Mapping[str, Any]:
    try:
        document = orjson.loads(read_whole(path))
    except FileNotFoundError:
        raise LoginError(f"there is no file {path.name}; {MEND}") from None
    except OSError as error:
        raise LoginError(f"{path.name} cannot be read: {(error.strerror or str(error)).lower()}") from None
    except ValueError:
        raise LoginError(f"{path.name} is not JSON; {MEND}") from None
    if not isinstance(document, dict):
        raise LoginError(f"{path.name} holds no login; {MEND}")
    return document


def _text(values: Mapping[str, Any], name: str) -> str:
    value = values.get(name)
    return value.strip() if isinstance(value, str) else ""


def _account_in(found: Mapping[str, Any]) -> str:
    inner = found.get(_CLAIMS)
    return _text(inner, "chatgpt_account_id") if isinstance(inner, dict) else ""
