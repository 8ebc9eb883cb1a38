"""The management key: compared in constant time, stored as a bcrypt hash."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import os
from collections import OrderedDict
from contextlib import nullcontext

from jackfield.api import REFERENCES, ConfigError, Document, Problem, Section, is_hash

SECTION = "remote-management"
KEY = "secret-key"
PASSWORD_VARIABLE = "MANAGEMENT_PASSWORD"  # noqa: S105  # a variable's name, not its value
COST = 10
"""Rounds of bcrypt as a power of two: some 50 ms a guess."""
LONGEST = 72
"""Bytes of a key; bcrypt looks at no more."""
WRONG_ONES = 1000
"""Wrong keys that are remembered by their digest, so that a program with an old one costs no bcrypt each time."""

_made: dict[str, bytes] = {}
"""The latest hash that this process made, and the digest of its key: who has it need not be tried."""


def with_hash(text: str, section: Section) -> str:
    """Return a configuration's text with the hash in the place of a management key written in plain text.

    Raises ConfigError when it is not YAML or the key is too long, EditError when it cannot be edited.
    """
    key = plain_key(text, section)
    if not key:
        return text
    try:
        replacement = hashed(key)
    except ValueError as error:
        raise ConfigError([Problem(f"{SECTION}.{KEY}", str(error), "choose a shorter one")]) from None
    return section.rewritten(text, {**section.written(Document.parse(text)), KEY: replacement})


def hashed(key: str) -> str:
    """Return the bcrypt hash of a key. Raises ValueError for one that is too long."""
    if len(key.encode()) > LONGEST:
        raise ValueError(f"has more than {LONGEST} bytes, which bcrypt cannot hash")
    import bcrypt  # here: a command line that lists plugins tries no key

    made = bcrypt.hashpw(key.encode(), bcrypt.gensalt(COST)).decode()
    _made.clear()
    _made[made] = _digest(key)
    return made


def plain_key(text: str, section: Section) -> str:
    """Return the management key that a configuration's text has in plain text; "" when it has none."""
    value = section.written(Document.parse(text))
    key = value.get(KEY) if isinstance(value, dict) else None
    if not isinstance(key, str) or key.startswith(REFERENCES) or is_hash(key):
        return ""
    return key


class Lock:
    """Knows whether a key opens the management API.

    A hash is checked in a thread, one at a time; the digests of the key that fitted and of those that did not are
    remembered, so that only their first calls pay for bcrypt.
    """

    def __init__(self) -> None:
        self._fitted: tuple[str, bytes] | None = None
        self._wrong: OrderedDict[tuple[str, bytes], None] = OrderedDict()
        self._turn = asyncio.Lock()
        self._last = asyncio.Lock()
        """Held beside it for those who come last: one of them at a time stands in the queue of all."""

    def known(self, key: str, stored: str) -> bool:
        """Return True when it is known, without bcrypt, that the key fits."""
        digest = _digest(key)
        password = os.environ.get(PASSWORD_VARIABLE, "")
        by_password = hmac.compare_digest(digest, _digest(password)) and bool(password)
        plain = stored if stored and not is_hash(stored) else ""
        by_text = hmac.compare_digest(digest, _digest(plain)) and bool(plain)
        hashed_for, fitted = self._fitted or ("", b"")
        by_memory = hmac.compare_digest(digest, fitted) and hashed_for == stored
        by_making = hmac.compare_digest(digest, _made.get(stored, b""))
        return by_password or by_text or by_memory or by_making

    async def fits(self, key: str, stored: str, *, last: bool = False) -> bool:
        """Return True when the key is the password of the environment or the one whose stored form this is.

        A key that has to be tried waits its turn; with `last` it lets others pass, such as one from where many wrong
        ones came.
        """
        if self.known(key, stored):
            return True
        if not is_hash(stored) or self._is_wrong(key, stored):
            return False
        async with self._last if last else nullcontext(), self._turn:
            return self.known(key, stored) or (not self._is_wrong(key, stored) and await self._tried(key, stored))

    def _is_wrong(self, key: str, stored: str) -> bool:
        """Return True for a key that was tried before and did not fit."""
        return (stored, _digest(key)) in self._wrong

    async def _tried(self, key: str, stored: str) -> bool:
        fits = await asyncio.to_thread(_check, key, stored)
        if fits:
            self._fitted = (stored, _digest(key))
        else:
            self._wrong[stored, _digest(key)] = None
            if len(self._wrong) > WRONG_ONES:
                self._wrong.popitem(last=False)
        return fits


def configured(stored: str) -> bool:
    """Return True when there is any key at all."""
    return bool(stored or os.environ.get(PASSWORD_VARIABLE))


def _check(key: str, stored: str) -> bool:
    import bcrypt

    encoded = _bytes(key)
    if len(encoded) > LONGEST or b"\0" in encoded:
        return False
    try:
        return bcrypt.checkpw(encoded, stored.encode())
    except ValueError:  # it has the form of a hash, and is none
        return False


def _digest(key: str) -> bytes:
    return hashlib.sha256(_bytes(key)).digest()


def _bytes(key: str) -> bytes:
    """Return the bytes of a key, which headers need not have in UTF-8."""
    return key.encode("utf-8", "surrogateescape")
