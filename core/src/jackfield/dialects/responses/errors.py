"""The error envelope of `/v1/responses`: OpenAI's, with what this route's clients read of a spent plan."""

from __future__ import annotations

from ...model.errors import RequestFailed
from ...responses.verdicts.failures import one_line
from .. import openai_errors
from ..base import ErrorReply


def reply(failure: RequestFailed, request_id: str) -> ErrorReply:
    """Return the failure as a whole HTTP answer, as `openai_errors.reply` does.

    The upstream's own headers for clients of its language come with it (`Detail.native`), and of a spent plan `type`,
    `plan_type`, `resets_at` (seconds since 1970) and `resets_in_seconds`, where they are known.
    """
    return openai_errors.reply(failure, request_id, told=failure.detail.told, native=one_line(failure.detail.native))
