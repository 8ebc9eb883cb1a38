"""Nothing silent: every member and field of the SDKs' typed requests is on a list of what becomes of it.

A new SDK release with something new fails here, before users tell us; docs/translation.md shows the same lists.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, get_type_hints

import anthropic.types as messages
import pytest
from anthropic.types import beta, message_count_tokens_params, message_create_params
from anthropic.types.beta import beta_message_thread_param, beta_request_tool_addition_block_param
from anthropic.types.beta import message_count_tokens_params as beta_count_params
from anthropic.types.beta import message_create_params as beta_params
from jackfield.dialects.chat import known as chat
from jackfield.dialects.known import Fate, Known, find
from jackfield.dialects.messages import known
from jackfield.dialects.responses import known as responses
from jackfield_codex.request import ACCEPTABLE, REFUSED, left_out
from openai.types import chat as completions
from openai.types.chat import completion_create_params
from openai.types.responses import response_create_params, response_input_param, tool_param
from openai.types.responses.response_input_message_content_list_param import ResponseInputContentParam
from openai.types.responses.response_output_message_param import ResponseOutputMessageParam

from .unions import fields, members, silent, tagged

BLOCKS: Mapping[str, Any] = MappingProxyType(
    {
        kind: member
        for union in (messages.ContentBlockParam, beta.BetaContentBlockParam)
        for kind, member in tagged(union).items()
    }
)
TOOLS: Mapping[str, Any] = MappingProxyType(
    {
        kind: member
        for union in (messages.ToolUnionParam, beta.BetaToolUnionParam)
        for kind, member in tagged(union).items()
    }
)
TURNS = [*members(messages.MessageParam), *members(beta.BetaMessageParam)]
CHANGES = tagged(beta_request_tool_addition_block_param.Tool)


def translated(found: Mapping[str, Any], lists: Mapping[str, Known]) -> Iterable[Any]:
    """Return those members whose list says that they are translated."""
    return [member for kind, member in found.items() if (entry := find(lists, kind)) and entry.fate is Fate.TRANSLATED]


def inner(field: str, kinds: Iterable[Any]) -> Iterable[Any]:
    """Return the members that a field of these holds."""
    return [part for kind in kinds for part in members(fields(kind).get(field))]


@pytest.mark.parametrize(
    "request_type",
    [
        message_create_params.MessageCreateParamsStreaming,
        message_create_params.MessageCreateParamsNonStreaming,
        message_count_tokens_params.MessageCountTokensParams,
        beta_params.MessageCreateParamsStreaming,
        beta_params.MessageCreateParamsNonStreaming,
        beta_count_params.MessageCountTokensParams,
    ],
)
def test_no_parameter_of_messages_is_silent(request_type: type) -> None:
    assert silent(get_type_hints(request_type), known.PARAMETERS) == []


def test_no_block_of_messages_is_silent() -> None:
    assert silent(BLOCKS, known.BLOCKS) == []


def test_no_block_in_a_result_of_a_tool_is_silent() -> None:
    results = [BLOCKS["tool_result"], messages.ToolResultBlockParam]
    assert silent({kind for part in inner("content", results) for kind in tagged(part)}, known.BLOCKS) == []


def test_no_block_in_a_system_message_is_silent() -> None:
    assert silent({kind for part in inner("content", TURNS) for kind in tagged(part)}, known.BLOCKS) == []


def test_no_tool_of_messages_is_silent() -> None:
    assert silent(TOOLS, known.TOOLS) == []


def test_no_change_of_tools_is_silent() -> None:
    assert silent(CHANGES, known.CHANGES) == []


def test_no_field_of_what_is_translated_is_silent() -> None:
    blocks, tools = translated(BLOCKS, known.BLOCKS), translated(TOOLS, known.TOOLS)
    changes = translated(CHANGES, known.CHANGES)
    whole = [*TURNS, *blocks, *tools, *changes, *inner("source", blocks)]
    assert silent({field for member in whole for field in fields(member)}, known.FIELDS) == []


def test_no_field_of_the_output_and_of_thinking_is_silent() -> None:
    configs = [*members(messages.OutputConfigParam), *members(beta.BetaOutputConfigParam)]
    assert silent({field for config in configs for field in fields(config)}, known.OUTPUT) == []
    thinking = [*members(messages.ThinkingConfigParam), *members(beta.BetaThinkingConfigParam)]
    assert silent({field for config in thinking for field in fields(config)}, known.THINKING) == []


@pytest.mark.parametrize("name", ["tool_addition", "compaction", "image"])
def test_a_block_that_is_taken_off_its_list_is_missed(name: str) -> None:
    assert silent(BLOCKS, known.BLOCKS.keys() - {name}) == [name]


def test_a_thread_is_known_in_every_form() -> None:
    assert set(tagged(beta_message_thread_param.BetaMessageThreadParam)) == {"create", "continue"}


# -- Chat Completions

MESSAGES = [*members(completions.ChatCompletionMessageParam)]
PARTS: Mapping[str, Any] = MappingProxyType(
    {kind: part for part in inner("content", MESSAGES) for kind in tagged(part)}
)
FUNCTIONS: Mapping[str, Any] = MappingProxyType(tagged(completions.ChatCompletionToolUnionParam))


@pytest.mark.parametrize(
    "request_type",
    [
        completion_create_params.CompletionCreateParamsStreaming,
        completion_create_params.CompletionCreateParamsNonStreaming,
    ],
)
def test_no_parameter_of_chat_is_silent(request_type: type) -> None:
    assert silent(get_type_hints(request_type), chat.PARAMETERS) == []


def test_no_role_of_chat_is_silent() -> None:
    assert silent(tagged(completions.ChatCompletionMessageParam, "role"), chat.ROLES) == []


def test_no_part_of_chat_is_silent() -> None:
    assert silent(PARTS, chat.PARTS) == []


def test_no_tool_and_no_choice_of_chat_is_silent() -> None:
    assert silent(FUNCTIONS, chat.TOOLS) == []
    assert silent(tagged(completions.ChatCompletionToolChoiceOptionParam), chat.CHOICES) == []
    assert silent(tagged(completions.ChatCompletionMessageToolCallUnionParam), chat.TOOLS) == []


def test_no_format_of_chat_is_silent() -> None:
    assert silent(tagged(completion_create_params.ResponseFormat), chat.FORMATS) == []


def test_no_field_of_chat_is_silent() -> None:
    whole = [*MESSAGES, *PARTS.values(), *FUNCTIONS.values()]
    assert silent({field for member in whole for field in fields(member)}, chat.FIELDS) == []


@pytest.mark.parametrize("name", ["seed", "logprobs", "tools"])
def test_a_parameter_that_is_taken_off_its_list_is_missed(name: str) -> None:
    asked = get_type_hints(completion_create_params.CompletionCreateParamsStreaming)
    assert silent(asked, chat.PARAMETERS.keys() - {name}) == [name]


# -- Responses

INPUT: Mapping[str, Any] = MappingProxyType(tagged(response_input_param.ResponseInputItemParam))


@pytest.mark.parametrize(
    "request_type",
    [
        response_create_params.ResponseCreateParamsStreaming,
        response_create_params.ResponseCreateParamsNonStreaming,
    ],
)
def test_no_parameter_of_responses_is_silent(request_type: type) -> None:
    assert silent(get_type_hints(request_type), responses.PARAMETERS) == []


def test_no_item_of_responses_is_silent() -> None:
    assert silent(INPUT, responses.ITEMS) == []


def test_no_part_of_responses_is_silent() -> None:
    said = fields(ResponseOutputMessageParam)["content"]
    parts = {*tagged(ResponseInputContentParam), *tagged(said)}
    assert silent(parts, responses.PARTS) == []


def test_no_tool_of_responses_is_silent() -> None:
    assert silent(tagged(tool_param.ToolParam), responses.TOOLS) == []


@pytest.mark.parametrize("name", ["item_reference", "compaction", "message"])
def test_an_item_of_responses_that_is_taken_off_its_list_is_missed(name: str) -> None:
    assert silent(INPUT, responses.ITEMS.keys() - {name}) == [name]


def test_what_the_codex_executor_leaves_out_is_on_the_list_as_that() -> None:
    """The executor's list and this one say the same of every parameter that both have."""
    for name in (REFUSED - ACCEPTABLE) & responses.PARAMETERS.keys():
        entry = responses.PARAMETERS[name]
        here = name == "previous_response_id" or "`max_output_tokens`" in entry.words  # put into another's place before
        assert entry.fate is not Fate.TRANSLATED or here, name
    assert all(entry.fate is not Fate.NO_DIFFERENCE for entry in responses.PARAMETERS.values())


@pytest.mark.parametrize(("dialect", "lists"), [("responses", responses), ("chat", chat), ("messages", known)])
def test_what_goes_to_some_providers_alone_is_listed_as_that(dialect: str, lists: Any) -> None:
    """What a list says goes up where it is taken, the executor strips unless a relay `accepts` it."""
    told = {
        name: entry.words for name, entry in lists.PARAMETERS.items() if "where the provider takes it" in entry.words
    }
    sent = {match for words in told.values() for match in re.findall(r"`(\w+)`,? where the provider takes it", words)}
    assert sent <= ACCEPTABLE & left_out(dialect)
    assert dialect != "responses" or sent == ACCEPTABLE & left_out(dialect)
