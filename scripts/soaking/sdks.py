"""Clients that are real SDKs, without retries of their own."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import anthropic
import openai
import orjson

from .asking import Question
from .reading import WHOLES, Heard, complete, envelope
from .visits import Crowd, heard_by
from .wire import BrokenAnswerError


class Sdks:
    """One client of each SDK."""

    def __init__(self, port: int, key: str) -> None:
        self._root, self._key = f"http://127.0.0.1:{port}", key
        self._renew()

    def _renew(self) -> None:
        """Make clients that do not look for proxies in the environment."""
        options: dict[str, Any] = {"api_key": self._key, "max_retries": 0, "timeout": 60}
        self._openai = openai.AsyncOpenAI(
            base_url=f"{self._root}/v1", http_client=openai.DefaultAsyncHttpxClient(trust_env=False), **options
        )
        self._anthropic = anthropic.AsyncAnthropic(
            base_url=self._root, http_client=anthropic.DefaultAsyncHttpxClient(trust_env=False), **options
        )

    async def ask(self, crowd: Crowd) -> None:
        """Ask one question through the SDK of its dialect, and let the judge decide."""
        question = crowd.question()
        ask: dict[str, Callable[[dict[str, Any]], Awaitable[Any]]] = {
            "responses": lambda body: self._openai.responses.create(**body),
            "chat": lambda body: self._openai.chat.completions.create(**body),
            "messages": lambda body: self._anthropic.messages.create(**body),
        }

        async def listen() -> Heard:
            return await _listen(question, ask[question.dialect])

        await heard_by(crowd, question, f"{question.name}, SDK", listen)

    async def close(self) -> None:
        """Close the connections that they keep; the next question opens new ones."""
        await self._openai.close()
        await self._anthropic.close()
        self._renew()


async def _listen(question: Question, ask: Callable[[dict[str, Any]], Awaitable[Any]]) -> Heard:
    heard = Heard(200)
    try:
        answer = await ask(dict(question.body))
        if question.stream:
            async for event in answer:
                _hear(question.dialect, heard, event.model_dump())
            heard.text = heard.text or "".join(heard.texts)
        else:
            WHOLES[question.dialect](heard, answer.model_dump(warnings=False))
    except (openai.APIStatusError, anthropic.APIStatusError) as error:
        _fail(question, heard, error)
    except (openai.APIConnectionError, anthropic.APIConnectionError) as error:
        raise BrokenAnswerError(f"{error!r} {error.__cause__!r}") from error
    except openai.APIError as error:  # an error in a stream of chunks
        heard.text = "".join(heard.texts)
        heard.error = envelope("chat", {"error": error.body})
    return heard


def _hear(dialect: str, heard: Heard, event: dict[str, Any]) -> None:
    if dialect == "responses":
        if event["type"] == "response.output_text.delta":
            heard.texts.append(event["delta"])
        elif event["type"] == "response.function_call_arguments.delta":
            heard.call += event["delta"]
        elif event["type"] == "response.completed":
            heard.ended = True
            complete(heard, event["response"]["output"])
        elif event["type"] == "response.failed":
            heard.error = event["response"]["error"]
    elif dialect == "chat":
        for choice in event["choices"]:
            heard.texts.append(choice["delta"].get("content") or "")
            heard.ended = heard.ended or bool(choice.get("finish_reason"))
            for call in choice["delta"].get("tool_calls") or ():
                heard.call += call["function"].get("arguments") or ""
    elif event["type"] == "content_block_delta":
        heard.texts.append(event["delta"].get("text") or "")
        heard.call += event["delta"].get("partial_json") or ""
    heard.ended = heard.ended or event.get("type") == "message_stop"


def _fail(question: Question, heard: Heard, error: openai.APIStatusError | anthropic.APIStatusError) -> None:
    heard.status = error.status_code
    heard.text = "".join(heard.texts)
    heard.retry_after = error.response.headers.get("retry-after")
    heard.should_retry = error.response.headers.get("x-should-retry")
    body: Any = error.body
    heard.raw = orjson.dumps(body)
    heard.error = envelope(question.dialect, body if isinstance(body, dict) and "error" in body else {"error": body})
