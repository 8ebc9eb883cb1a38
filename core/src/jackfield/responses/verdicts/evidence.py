"""What an error says, gathered from wherever relays put it: nested objects, metadata, JSON inside of strings."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .. import wellformed
from . import reset_times
from .relay_words import plain

_CODES = frozenset(
    {
        "code",
        "type",
        "reason",
        "status",
        "error_code",
        "errorcode",
        "err_code",
        "errcode",
        "error_type",
        "name",
        "errors",
    }
)
_WORDS = frozenset(
    {"message", "msg", "error_msg", "errmsg", "error_message", "errormessage", "detail", "details", "description"}
    | {"error_description", "reason", "title", "text", "hint", "raw", "body", "cause", "error", "errors"}
    | {"err", "err_msg", "errormsg", "status_message", "statusmessage", "exception"}
)
_BOXES = _WORDS | {
    "metadata",
    "data",
    "inner_error",
    "innererror",
    "upstream",
    "upstream_error",
    "last_error",
    "response",
    "result",
    "info",
    "status_details",
    "incomplete_details",
}
_STATUSES = ("status_code", "status", "statuscode", "http_status", "http_code", "code")
_ALLOWED_CLIENTS = "allowedclients"
_REFUSED_REASONING = "invalid_encrypted_content"
_names_reasoning = re.compile(r"\binput(?:\[\d+\]|\.\d+)\.encrypted_content\b").search
"""Finds the field of a request at which an upstream found fault: who names it refuses what stands there."""

_DEEPEST = 8
_MOST = 200
"""Values that are looked at: an error has a handful, and a hostile one no more than this."""
_LONGEST = 4000
"""Characters that are compared. What an error says stands at its beginning."""

# Begun at the beginning of a word alone: a long one would else be looked at once from each of its letters.
_MENTIONED = re.compile(r"(?<![A-Za-z0-9])[A-Za-z][A-Za-z0-9]*(?:_[A-Za-z0-9]+)+")
_CODE = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:[_:.-][A-Za-z0-9]+)+|[A-Z][A-Za-z]{5,40}|[A-Z0-9_]{4,60}")


@dataclass
class Evidence:
    """Codes as they are compared, outermost first, and all words.

    `code` and `first` are as they came: the first code that is no type, and the first words. `resets_in` (seconds) and
    `resets_at` (since 1970) are the outermost that are named; `headers` are those that a relay repeats of its upstream.
    """

    codes: tuple[str, ...] = ()
    text: str = ""
    code: str = ""
    first: str = ""
    status: int = 0
    resets_in: float | None = None
    resets_at: float | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    _words: list[str] = field(default_factory=list)
    _seen: int = 0

    def look(self, value: object, depth: int = 0) -> None:
        """Take up a value and what is in it."""
        self._seen += 1
        if depth > _DEEPEST or self._seen > _MOST:
            return
        if isinstance(value, str):
            self._take(value, depth)
        elif isinstance(value, list):
            for item in value[:_MOST]:
                self.look(item, depth + 1)
        elif isinstance(value, dict):
            self._open(value, depth)

    def _open(self, value: Mapping[str, Any], depth: int) -> None:
        fields = {name.lower(): inner for name, inner in value.items() if isinstance(name, str)}
        self.status = self.status or status_of(fields)
        self._note_times(fields)
        if _ALLOWED_CLIENTS in {name.replace("_", "") for name in fields}:
            self._add_code(_ALLOWED_CLIENTS)
        if isinstance(param := fields.get("param"), str) and _names_reasoning(param):
            self._add_code(_REFUSED_REASONING)
        for name in sorted(_CODES & fields.keys(), key=_rank):
            if isinstance(inner := fields[name], str) and " " not in inner:
                self._add_code(inner, shown=not _rank(name))
        for name, inner in fields.items():
            if name in _WORDS and isinstance(inner, str):
                if name == "error" and is_code(inner):
                    self._add_code(inner, shown=True)
                self.look(inner, depth + 1)
            elif name in _BOXES and isinstance(inner, str | dict | list):
                self.look(inner, depth + 1)

    def _note_times(self, fields: Mapping[str, Any]) -> None:
        if self.resets_in is None and self.resets_at is None:
            self.resets_in, self.resets_at = reset_times.in_body(fields)
        if not self.headers and isinstance(headers := fields.get("headers"), dict):
            self.headers = {name: value for name, value in headers.items() if isinstance(value, str)}

    def _take(self, words: str, depth: int) -> None:
        self._words.append(words[:_LONGEST])
        self.first = self.first or words
        if _names_reasoning(self._words[-1]):
            self._add_code(_REFUSED_REASONING)
        if "{" in words and (inner := json_in(words)) is not None:
            self.look(inner, depth + 1)

    def _add_code(self, code: str, *, shown: bool = False) -> None:
        compared = plain(code[:100])
        if compared and compared not in self.codes:
            self.codes += (compared,)
            self.code = self.code or (code if shown else "")

    def done(self) -> Evidence:
        """Return the evidence with its words as one text."""
        self.text = "\n".join(self._words)[: 2 * _LONGEST]
        return self


def gathered(value: object) -> Evidence:
    """Return what an error says, whatever its shape. Never raises."""
    evidence = Evidence()
    evidence.look(value)
    return evidence.done()


def json_in(words: str) -> object | None:
    """Return the JSON object that begins at the first brace of a text; None when there is none."""
    start = words.find("{")
    if start < 0:
        return None
    try:
        return wellformed.clean(json.JSONDecoder().raw_decode(words, start)[0])  # type: ignore[no-any-return]  # any JSON
    except (ValueError, RecursionError):
        return None


def status_of(fields: Mapping[str, Any]) -> int:
    """Return the HTTP status of an error that an error's fields name, 0 when none."""
    found = (_status(fields.get(name)) for name in _STATUSES)
    return next((status for status in found if status), 0)


def _status(value: object) -> int:
    if isinstance(value, str) and len(value) == 3 and value.isascii() and value.isdigit():
        value = int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and 400 <= value <= 599 else 0


def is_code(words: str) -> bool:
    """Return True for what is a code and no sentence: `insufficient_balance`, `INSUFFICIENT_BALANCE`."""
    return bool(_CODE.fullmatch(words))


def mentioned(text: str) -> list[str]:
    """Return the codes that stand in a text, as they are compared: `status 400: context_length_exceeded: ...`."""
    found = _MENTIONED.findall(text)
    return list(dict.fromkeys(plain(code) for code in found[:50]))


def _rank(name: str) -> int:
    """Codes come before reasons, reasons before types: a type is what a whole class of errors is called."""
    return 2 if name.endswith("type") or name in ("status", "name") else 1 if name == "reason" else 0
