"""Refusals that Claude Code heals by itself when it reads of them in words that it knows.

It takes out the image or the PDF that a 400 complains of, or the effort, and asks once more; after other words it sends
the same conversation again and again. The words that it looks for were read out of Claude Code 2.1.329.
"""

from __future__ import annotations

import re

from ...model.errors import Kind, RequestFailed, UpstreamError

IMAGE = "Could not process image"
PDF = "could not process pdf"
EFFORT = "This model does not support the effort parameter"

_IMAGE_CODES = (
    "invalid_image",
    "image_",
    "invalid_base64_image",
    "unsupported_image",
    "empty_image",
    "failed_to_download_image",
)
_FAULT = (
    r"invalid|unsupported|not support|does not|cannot|can't|could not|couldn't|unable|fail|corrupt"
    r"|too (?:large|big|many|small)"
    r"|damaged|broken|malformed|\bno\b.{0,40}\bsupport|not (?:be )?(?:valid|enabled|available|allowed)"
    r"|exceed|larger than|at most|limit|maximum|empty|expected|only supported|only .{0,40}support|not found|must be"
    r"|不支持|无效|无法|过大|太大|过多|超过|失败|格式|损坏"
)
_IMAGE = re.compile(
    r"\bimages?\b|\bimage_url\b|\binput_image\b|\bvision\b|\bmultimodal\b|视觉|多模态|图片|图像|圖片", re.IGNORECASE
)
_PDF = re.compile(r"\bpdfs?\b|\binput_file\b|\bfile_data\b|\bfile_url\b|\bfiles?\b", re.IGNORECASE)
_EFFORT = re.compile(
    r"\beffort\b|supported values are:[^a-z]{0,4}(?:none|minimal|low|medium|high|xhigh|max)\b", re.IGNORECASE
)
_FAULTY = re.compile(_FAULT, re.IGNORECASE)
_OF_TOOLS = re.compile(r"\bschema\b|\bfunctions?\b|\btools?\b", re.IGNORECASE)
_TOLD = re.compile(
    r"could not process (?:image|pdf)|effort parameter.*not support|not support.*effort parameter", re.IGNORECASE
)


def healable(failure: RequestFailed) -> str:
    """Return the words of a failure; those of an upstream's refusal with what Claude Code knows it by in front."""
    words = failure.message
    if not isinstance(failure, UpstreamError) or failure.kind not in (Kind.INVALID_REQUEST, Kind.TOO_LARGE):
        return words
    ailment = "" if _TOLD.search(words) else _ailment(words, failure.code or "", failure.detail.param or "")
    return f"{ailment}: {words}" if ailment else words


def _ailment(words: str, code: str, param: str) -> str:
    """Return what an upstream complains of: an image, a PDF, an effort; "" for anything else."""
    if code.startswith(_IMAGE_CODES) or param.endswith(("image_url", "input_image")):
        return IMAGE
    if param == "reasoning.effort":
        return EFFORT
    if not _FAULTY.search(words) or _OF_TOOLS.search(words) or param.startswith("tools"):
        return ""
    if _IMAGE.search(words):
        return IMAGE
    if _PDF.search(words) or param.endswith(("file_data", "file_url")):
        return PDF
    return EFFORT if _EFFORT.search(words) else ""
