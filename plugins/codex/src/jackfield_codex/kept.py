"""What memory alone knows of logins: those that were renewed and could not be stored, and those that have ended."""

from __future__ import annotations

import orjson

from .login import Login

_kept: dict[str, tuple[str, str]] = {}
"""By the generation that the file still holds: what it should hold, and why it does not."""

_ended: dict[str, str] = {}
"""Why a login cannot be renewed any more, by its generation."""


def end(login: Login, reason: str) -> None:
    """Remember that a login cannot be renewed any more."""
    _ended[login.generation] = reason


def reason_of_end(login: Login) -> str:
    """Return why a login has ended; "" while it has not."""
    return _ended.get(login.generation, "")


def keep(stored: Login, text: str, reason: str) -> None:
    """Remember what the file of `stored` should hold."""
    _kept[stored.generation] = (text, reason)


def forget(stored: Login) -> None:
    """Remember it no longer: it has been stored."""
    _kept.pop(stored.generation, None)


def latest(stored: Login) -> Login:
    """Return the login that took the place of the one in a file; that one itself where none did."""
    if stored.generation not in _kept:
        return stored
    text, _ = _kept[stored.generation]
    return Login.of(stored.path, orjson.loads(text))


def text_for(stored: Login) -> str:
    """Return what the file should hold; "" when it holds that."""
    return _kept.get(stored.generation, ("", ""))[0]


def why_stale(stored: Login) -> str:
    """Return the sentence that says that a file is stale, and why; "" when it is not."""
    if stored.generation not in _kept:
        return ""
    reason = _kept[stored.generation][1]
    mend = "it serves from memory until the proxy stops; make the file and its folder writable, with room on their disk"
    return f"{stored.path.name} is stale: the login was renewed and could not be stored ({reason}); {mend}"
