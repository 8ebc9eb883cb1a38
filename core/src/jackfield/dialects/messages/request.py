"""A Messages request, as a Responses request.

What is read here is translated; `known.py` lists what is refused and what makes no difference. Fields that are unknown
are tolerated.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...model.errors import invalid_request
from ..base import Parsed
from ..known import refuse
from ..stops import read_stops
from ..translate.exact import keep_digits
from ..translate.fields import get_flag, get_list, get_object, get_text, need_object, need_text
from ..translate.names import NameMap
from ..translate.reading import read_object
from ..translate.sampling import read_limit, sampling
from ..translate.schemas import is_strict_clean
from .context import MessagesContext
from .effort import reasoning
from .errors import DetailedError
from .history import History
from .ids import TakenIds
from .known import FORMATS, PARAMETERS, THREAD
from .session import safety_identifier, session_key
from .system import instructions
from .tools import read_choice, read_tools, tool_names

_FORMAT_NAME = "output"


def parse_messages(body: bytes, headers: Mapping[str, str]) -> Parsed:
    """Return the request, understood. Raises ClientError (400) naming the place that is wrong."""
    request = read_object(body)
    model = need_text(request, "model")
    refuse_thread(request)
    refuse(PARAMETERS, request)
    keep_digits(request, body, ("tools", "messages", "output_config", "output_format"))
    names = NameMap.of(tool_names(request))
    history = History(names)
    translated = translate(request, names, history)
    if not translated["input"]:
        raise invalid_request("messages: at least one message with content is required", "messages")
    session = session_key(request, headers, translated, len(body))
    context = MessagesContext(
        model=model,
        restore=names.restore,
        stop_sequences=_stop_sequences(request),
        show_thinking="summary" in translated.get("reasoning", {}),
        taken=TakenIds(item["call_id"] for item in translated["input"] if item["type"] == "function_call"),
    )
    limit = read_limit(request, "max_tokens")
    whole = _completed(request, translated, session) | sampling(request, limit)
    return Parsed(model, get_flag(request, "stream"), whole, session, context, history.makers, len(body), limit)


def refuse_thread(request: Mapping[str, Any]) -> None:
    """Raise ClientError (400) for a conversation that is to be kept here, in the words of which the SDKs know.

    They then send the whole conversation; after any other 400 their tool runners end.
    """
    if request.get(THREAD) is not None:
        details = {"error_code": "thread_unsupported_request", "unsupported": []}
        raise DetailedError(f"{THREAD}: {PARAMETERS[THREAD].words}", THREAD, details)


def translate(request: Mapping[str, Any], names: NameMap, history: History) -> dict[str, Any]:
    """Return what the model will read and how it shall answer: the Responses body but for how it travels.

    `input` may come out empty. Raises ClientError (400) naming the place that is wrong.
    """
    body: dict[str, Any] = {"instructions": instructions(request.get("system")), "input": history.items(request)}
    tools = read_tools(request, names)
    choice = read_choice(request, tools, names)
    if tools.offered:
        body["tools"] = tools.offered
        body |= choice
    if wanted := reasoning(request):
        body["reasoning"] = wanted
    if answer := _answer_format(request):
        body["text"] = {"format": answer}
    return body


def _completed(request: Mapping[str, Any], body: dict[str, Any], session: str) -> dict[str, Any]:
    """Return the body with what every request to the upstream carries."""
    body |= {
        "store": False,
        "stream": True,
        "include": ["reasoning.encrypted_content"],
        "prompt_cache_key": session,
    }
    if person := safety_identifier(request):
        body["safety_identifier"] = person
    if get_text(request, "speed") == "fast":
        body["service_tier"] = "priority"
    return body


def _answer_format(request: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return `text.format` for a wanted JSON schema, from `output_config.format` or the older `output_format`.

    Raises ClientError (400) for a format that is not known here, or without a schema.
    """
    path = "output_config.format"
    given = get_object(get_object(request, "output_config"), "format", "output_config")
    if not given:
        path, given = "output_format", get_object(request, "output_format")
    kind = get_text(given, "type", path)
    if given and kind not in FORMATS:
        raise invalid_request(f"{path}.type: must be one of {', '.join(FORMATS)}", f"{path}.type")
    if kind != "json_schema":
        return None
    schema = {key: value for key, value in need_object(given, "schema", path).items() if key != "$schema"}
    return {"type": "json_schema", "name": _FORMAT_NAME, "schema": schema, "strict": is_strict_clean(schema)}


def _stop_sequences(request: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the sequences to be enforced here, since the upstream knows none. Raises ClientError (400)."""
    given = get_list(request, "stop_sequences")
    for index, sequence in enumerate(given):
        if not isinstance(sequence, str):
            path = f"stop_sequences[{index}]"
            raise invalid_request(f"{path}: must be a string", path)
    return read_stops(given, "stop_sequences")
