"""What an upstream says when it refuses: its many error bodies read into one shape, safe to show to a client."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ...redaction import mask
from .. import wellformed
from .evidence import gathered, is_code, json_in, status_of

_PAGE = re.compile(
    r"<(?:!doctype|!--|html|head|body|title|meta|link|style|script|center|div|h[1-6]|p|br|hr|table|span)\b",
    re.IGNORECASE,
)
_HTML = re.compile(rb"(?:\xef\xbb\xbf)?\s*<(?:!doctype|html|head|body|\?xml|[a-z!])", re.IGNORECASE)
_EVENT_STREAM = re.compile(r"\s*(?:data|event|id|retry)?:")


@dataclass(frozen=True, slots=True)
class Complaint:
    """An upstream's error: its words (masked, "" when none), code, type, field, and when it may be asked again.

    `resets_in` is in seconds from now, `resets_at` in seconds since 1970; None where the upstream named neither.
    `status` is an HTTP status told inside a stream, 0 when none. `codes` are all codes, at any depth, as they are
    compared; `text` is all words, unmasked, for comparing alone. `page` says that it was a web page.
    """

    message: str = ""
    code: str = ""
    type: str = ""
    param: str | None = None
    resets_in: float | None = None
    resets_at: float | None = None
    status: int = 0
    plan: str = ""
    """The plan whose limit is reached, where it is named."""
    codes: tuple[str, ...] = ()
    text: str = field(default="", repr=False)
    page: bool = False
    headers: Mapping[str, str] = field(default_factory=dict)
    """Headers of the upstream's own upstream, where the error repeats them."""


def _shown(words: str) -> str:
    """Return an upstream's words as a client may see them: without secrets, and without the page that they end in."""
    return mask(_PAGE.split(words, maxsplit=1)[0])


def read_body(body: bytes) -> Complaint:
    """Read the body of an HTTP error: any JSON shape, text, HTML (whose words are never used) or nothing."""
    if not body.strip() or _HTML.match(body):
        return Complaint(page=bool(body.strip()))
    try:
        value = wellformed.loads(body.removeprefix(b"\xef\xbb\xbf"))
    except ValueError:
        return _read_text(str(body, "utf-8", "replace"))
    return read(value)


def _read_text(text: str) -> Complaint:
    """Read words that are no JSON, but may have some in them: the events of a stream, a relay's `status 400: {...}`."""
    if _EVENT_STREAM.match(text) and (inner := json_in(text)) is not None:
        return read(inner)
    return read(text)


def read(value: object) -> Complaint:
    """Read an error as parsed JSON, in any of the shapes that relays use. Never raises."""
    if isinstance(value, list):
        value = value[0] if value else None
    evidence = gathered(value)
    if isinstance(value, str):
        found = Complaint(message=_shown(value))
    else:
        found = _read_object(_flat(value)) if isinstance(value, dict) else Complaint()
    return replace(
        found,
        message=found.message or _shown(evidence.first),
        code=found.code or mask(evidence.code),
        codes=evidence.codes,
        text=evidence.text,
        status=found.status or evidence.status,
        resets_in=evidence.resets_in,
        resets_at=evidence.resets_at,
        headers=evidence.headers,
        page=not found.message and bool(_PAGE.search(evidence.text)),
    )


def _flat(value: dict[str, Any]) -> dict[str, Any]:
    """Return the fields of an error, and of what it stands in, as one."""
    for key in ("error", "detail"):
        inner = value.get(key)
        if isinstance(inner, dict):
            return {**value, **inner} if "message" in inner or "code" in inner else {**inner, **value}
        if words := _words(inner):
            return _with_words(value, words)
    return value


def _with_words(value: dict[str, Any], words: str) -> dict[str, Any]:
    """Return an error whose words stand beside it: `{error: "Client not allowed", message: "It is ..."}`."""
    more = _text(value.get("message")) or _text(value.get("msg"))
    if more and is_code(words):
        return {**value, "message": more, "code": value.get("code") or words}
    return {**value, "message": f"{words}: {more}" if more and more != words else words}


def _words(value: object) -> str:
    """Return the text of a `{error: "text"}`, or of FastAPI's list of findings."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        found = (item.get("msg") or item.get("message") if isinstance(item, dict) else item for item in value)
        return "; ".join(words for words in found if isinstance(words, str))
    return ""


def _read_object(error: dict[str, Any]) -> Complaint:
    code = error.get("code")
    return Complaint(
        message=_shown(_text(error.get("message")) or _text(error.get("msg"))),
        code=mask(_text(code)) or (str(code) if isinstance(code, int) and not isinstance(code, bool) else ""),
        type=mask(_text(error.get("type"))),
        param=mask(_text(error.get("param"))) or None,
        status=status_of(error),
        plan=mask(_text(error.get("plan_type"))),
    )


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
