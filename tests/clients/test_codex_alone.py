"""A relay that serves the Codex CLI alone and refuses empty instructions: Codex works, Claude Code is told why not."""

from __future__ import annotations

import orjson
from jackfield.testing import http_error, text_answer

from .codex_cli import EXEC, said


def codex_alone(request):
    """Answer as such a relay does."""
    if not request.headers.get("originator", "").startswith("codex"):
        return http_error(403, "This account only allows Codex official clients", kind="forbidden_error")
    if request.json().get("instructions") == "":
        return http_error(403, "instructions must not be empty", kind="forbidden_error")
    return text_answer("Served.")


async def test_codex_is_served_and_claude_code_beside_it_is_told_why_not(codex, claude, upstream, answers):
    upstream.default = codex_alone
    refused = await claude.run("-p", "--output-format", "json", "--", "Hi", code=1)
    told = orjson.loads(refused.out)
    assert told["api_error_status"] == 403
    assert "fox serves Codex alone" in told["result"]
    assert "only allows Codex official clients" in told["result"]
    assert len([each for each in answers if each.path == "/v1/messages"]) == 1, "it asked again and again"

    for _ in range(2):
        assert said(await codex.run(*EXEC, "-m", "gpt-5-codex", "Hi")) == ["Served."]
