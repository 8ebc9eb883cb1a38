"""Pictures and documents that an upstream refuses under a status or a code that says something else.

Some relays end the stream with a plain `server_error`, or answer 404 as if the model were missing, and only the words
say that a picture is none, or that the model cannot see. Told as that, the same conversation fails with every turn.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ...model.errors import Kind, UpstreamError, Verdict
from ..values import objects_of
from .failures import NO_API

_MEDIA = frozenset({"input_image", "input_file"})
_PLAIN_CODES = frozenset({None, "", "server_error"})
_IN_STREAM = frozenset({0, 200})

_THING = (
    r"(?<![\w./-])(?:images?|image[ _]?urls?|input_image|input_file|file_data|pdfs?|pdf files?"
    r"|(?:the|your|input|uploaded) files?)(?![./]?\w|-\d)"
)
_WORK = r"(?:process|pars|read|decod|open|load|download|identif|fetch|handl|recogni[sz])\w*"
_CANNOT = r"(?:could not|couldn't|cannot|can't|can not|unable to|failed to|failure to|not be able to)"
_GAP = r"[^.;\n]{0,40}?"
_BROKEN = re.compile(
    rf"(?:not|n't){_GAP}\bvalid{_GAP}{_THING}"
    rf"|\b(?:invalid|corrupt\w*|damaged|broken|empty|unsupported|malformed){_GAP}{_THING}"
    rf"|{_CANNOT} {_WORK}{_GAP}{_THING}"
    rf"|{_THING}{_GAP}\b(?:could not|couldn't|cannot|can't|can not) be {_WORK}"
    rf"|{_THING}{_GAP}\b(?:is|are|was|were|seems?|appears?)\b{_GAP}"
    r"\b(?:invalid|corrupt\w*|damaged|broken|empty|malformed|not (?:a )?valid|too (?:large|big|small|many))"
    rf"|\btoo many {_GAP}{_THING}"
    r"|(?:图片|图像|圖片|pdf)[^。；\n]{0,12}(?:无效|无法|损坏|过大|太大|过多|格式|解析失败|处理失败)"
    r"|(?:无效|无法|损坏)[^。；\n]{0,12}(?:图片|图像|圖片|pdf)",
    re.IGNORECASE,
)
_UNSEEN = re.compile(
    rf"(?:\bno\b|\bnone\b|not|n't|only){_GAP}\bsupport\w*{_GAP}(?:{_THING}|\bvision\b|\bmultimodal\b)"
    rf"|(?:{_THING}|\bvision\b|\bmultimodal\b)(?: (?:inputs?|urls?|content|understanding|modality|parts?))*"
    r" (?:is|are) (?:not (?:supported|enabled|available|allowed)|unsupported|only supported)"
    r"|\bunsupported (?:image|vision|pdf|file) (?:inputs?|content)"
    r"|不支持[^。；\n]{0,8}(?:图片|图像|圖片|视觉|多模态|pdf)",
    re.IGNORECASE,
)
_PASSING = re.compile(
    r"temporar|timed? ?out|unavailable|overload|\blater\b|\bretry\b|internal|稍后|超时|重试", re.IGNORECASE
)
"""Words of a server in trouble: the same picture may be taken the next time."""


def as_refusal(error: UpstreamError, body: Mapping[str, Any]) -> UpstreamError:
    """Return a failure as the 400 that it is where its words refuse what `body`, a Responses request, carries.

    Every other failure is returned as it is. The request is looked through only where the words fit.
    """
    if not _refuses(error) or not _carries_media(body):
        return error
    detail = replace(
        error.detail, status=0, code=None, retry_after=None, verdict=Verdict.REQUEST, full=False, should_retry=None
    )
    return UpstreamError(Kind.INVALID_REQUEST, error.message.rpartition(NO_API)[2], detail)


def _refuses(error: UpstreamError) -> bool:
    words, status = error.message, error.detail.upstream_status
    if error.kind in (Kind.NOT_FOUND, Kind.MODEL_NOT_FOUND) or status == 404:
        return _UNSEEN.search(words) is not None
    if error.kind is not Kind.UPSTREAM_ERROR or status not in _IN_STREAM or error.detail.code not in _PLAIN_CODES:
        return False
    fits = _BROKEN.search(words) or _UNSEEN.search(words)
    return fits is not None and not _PASSING.search(words)


def _carries_media(body: Mapping[str, Any]) -> bool:
    items = objects_of(body.get("input"))
    parts = (part for item in items for key in ("content", "output") for part in objects_of(item.get(key)))
    return any(part.get("type") in _MEDIA for part in parts)
