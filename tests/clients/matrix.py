"""Every client in every scenario: the test that shows it, or the reason why there is none.

`test_matrix.py` sees to it that no cell is empty and that every test named here is one that runs.
"""

from __future__ import annotations

from collections.abc import Mapping

from .opencode_cli import PACKAGES
from .test_sdks import CHAT, DRIVERS

SCENARIOS = (
    "text",
    "tool round trip",
    "two calls at once",
    "reasoning that comes back",
    "image",
    "structured output",
    "429 then answer",
    "spent plan",
    "wrong client key",
    "refused provider key",
    "cut stream",
    "forty seconds of silence",
)


class Without(str):
    """The reason why a client has no test in a scenario."""


Row = Mapping[str, str]
"""A client's tests by scenario."""

NO_PLACE = Without("Chat Completions has no place for encrypted reasoning")

CODEX: Row = {
    "text": "test_codex.py::test_text",
    "tool round trip": "test_codex.py::test_a_command_runs_and_its_result_reaches_the_upstream",
    "two calls at once": "test_codex.py::test_two_commands_at_once",
    "reasoning that comes back": "test_codex.py::test_a_long_session_keeps_its_beginning",
    "image": "test_codex.py::test_an_image_is_sent",
    "structured output": "test_codex.py::test_an_answer_in_a_schema",
    "429 then answer": "test_codex.py::test_a_rate_limit_is_waited_out",
    "spent plan": "test_codex.py::test_a_spent_plan_is_told_with_its_time_at_once",
    "wrong client key": "test_codex.py::test_a_wrong_key_is_told",
    "refused provider key": "test_codex.py::test_a_refused_key_of_the_provider_is_told_with_its_cause",
    "cut stream": "test_codex.py::test_a_cut_stream_is_asked_for_again[after content-closed]",
    "forty seconds of silence": "test_silence.py::test_before_the_first_event",
}
CODEX_LOGIN: Row = {
    "text": "test_codex_login.py::test_text",
    "tool round trip": "test_codex_login.py::test_a_command_runs_and_reasoning_comes_back",
    "two calls at once": "test_codex_login.py::test_two_commands_at_once",
    "reasoning that comes back": "test_codex_login.py::test_a_command_runs_and_reasoning_comes_back",
    "image": "test_codex_login.py::test_an_image_is_sent",
    "structured output": "test_codex_login.py::test_an_answer_in_a_schema",
    "429 then answer": "test_codex_login.py::test_a_rate_limit_is_waited_out",
    "spent plan": "test_codex_login.py::test_a_spent_plan_is_told_with_its_time_at_once",
    "wrong client key": "test_codex_login.py::test_a_token_that_is_no_client_key_is_told",
    "refused provider key": "test_codex_login.py::test_a_refused_key_of_the_provider_is_told_with_its_cause",
    "cut stream": "test_codex_login.py::test_a_cut_stream_is_asked_for_again",
    "forty seconds of silence": "test_silence.py::test_between_reasoning_and_the_answer",
}
CLAUDE_CODE: Row = {
    "text": "test_claude_code.py::test_text",
    "tool round trip": "test_claude_code.py::test_a_command_runs_and_its_result_reaches_the_upstream",
    "two calls at once": "test_claude_code.py::test_two_commands_at_once[interleaved]",
    "reasoning that comes back": "test_claude_code.py::test_a_long_session_keeps_its_beginning_and_its_reasoning",
    "image": "test_claude_code.py::test_an_image_is_seen",
    "structured output": "test_claude_code.py::test_an_answer_in_a_schema",
    "429 then answer": "test_claude_code.py::test_a_rate_limit_is_waited_out",
    "spent plan": "test_claude_code.py::test_a_spent_plan_is_told",
    "wrong client key": "test_claude_code.py::test_a_wrong_key_is_told",
    "refused provider key": "test_claude_code.py::test_a_refused_key_of_the_provider_is_told_with_its_cause",
    "cut stream": "test_claude_code.py::test_a_stream_that_breaks_is_asked_for_again[closed]",
    "forty seconds of silence": "test_silence.py::test_before_the_first_event",
}
OPENCODE: Row = {
    "text": "test_text",
    "tool round trip": "test_two_commands_run_at_once_and_reasoning_comes_back",
    "two calls at once": "test_two_commands_run_at_once_and_reasoning_comes_back",
    "reasoning that comes back": "test_two_commands_run_at_once_and_reasoning_comes_back",
    "image": "test_an_image_is_sent",
    "structured output": "test_an_answer_in_a_schema",
    "429 then answer": "test_a_limit_is_waited_out",
    "spent plan": "test_a_spent_plan_that_it_asks_for_again_and_again_reaches_the_provider_once",
    "wrong client key": "test_a_wrong_key_is_told",
    "refused provider key": "test_a_refused_key_of_the_provider_is_told_with_its_cause",
    "cut stream": "test_a_stream_that_breaks_is_told_or_asked_for_again",
}
SDK: Row = {
    "text": "test_text_is_streamed",
    "tool round trip": "test_one_call_and_then_another_run",
    "two calls at once": "test_two_calls_at_once_run_and_reasoning_comes_back",
    "reasoning that comes back": "test_two_calls_at_once_run_and_reasoning_comes_back",
    "image": "test_an_image_goes_up",
    "structured output": "test_an_answer_in_a_schema",
    "429 then answer": "test_a_limit_is_waited_out",
    "spent plan": "test_a_spent_plan_is_told_at_once",
    "wrong client key": "test_a_wrong_key_is_told",
    "refused provider key": "test_a_refused_provider_key_is_told_with_its_cause",
    "cut stream": "test_a_stream_that_breaks_is_an_error",
}


def _opencode(npm: str) -> Row:
    row = {scenario: f"test_opencode.py::{test}[{npm}]" for scenario, test in OPENCODE.items()}
    if npm == "@ai-sdk/openai-compatible":
        row["reasoning that comes back"] = NO_PLACE
    return {**row, "forty seconds of silence": "test_silence.py::test_before_the_first_event"}


def _sdk(driver: str) -> Row:
    row = {scenario: f"test_sdks.py::{test}[{driver}]" for scenario, test in SDK.items()}
    if driver in CHAT:
        row["reasoning that comes back"] = NO_PLACE
    return {**row, "forty seconds of silence": "test_sdks.py::test_forty_seconds_of_silence_break_no_answer"}


MATRIX: Mapping[str, Row] = {
    "Codex CLI, API key": CODEX,
    "Codex CLI, ChatGPT login": CODEX_LOGIN,
    "Claude Code": CLAUDE_CODE,
    **{f"opencode, {npm}": _opencode(npm) for npm in PACKAGES},
    **{driver: _sdk(driver) for driver in DRIVERS},
}
"""By client; the SDKs by the names of their drivers in `js/drive.mjs` and `drive.py`."""

PROMISES: Mapping[str, tuple[str, ...]] = {
    "Codex works through a relay that serves it alone, and Claude Code is told why not": (
        "test_codex_alone.py::test_codex_is_served_and_claude_code_beside_it_is_told_why_not",
    ),
    "Codex with a ChatGPT login renews its token and works through openai_base_url": (
        "test_codex_login.py::test_a_token_that_has_ended_is_renewed_and_the_new_one_used",
        "test_codex_login.py::test_its_tokens_never_reach_the_provider",
    ),
    "Claude Code drops a picture that the upstream refuses and goes on": (
        "test_claude_code.py::test_a_picture_that_the_upstream_refuses_is_dropped[status]",
        "test_claude_code.py::test_a_picture_that_the_upstream_refuses_is_dropped[response.failed]",
    ),
    "the SDKs' tool runners finish": (
        "test_sdks.py::test_one_call_and_then_another_run[openaiChat]",
        "test_sdks.py::test_one_call_and_then_another_run[anthropic]",
        "test_sdks.py::test_one_call_and_then_another_run[anthropic_messages]",
        "test_sdks.py::test_the_tool_runner_of_openai_for_responses_finishes[streamed]",
        "test_sdks.py::test_the_tool_runner_of_openai_for_responses_finishes[whole]",
    ),
}
"""What is promised beyond the matrix, with the tests that show it."""
