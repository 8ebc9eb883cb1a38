"""One turn of an agent built on one of the Python SDKs: `drive.py DRIVER '{"base", "key", "task", "image"}'`.

Prints one line of JSON, as `js/drive.mjs` does: `text` and `data` of the answer and what the tool `save` was given, or
`error` with `message` and `status`.
"""

from __future__ import annotations

import asyncio
import base64
import json
import sys
from pathlib import Path
from typing import Any

from pydantic import BaseModel

MODEL = "gpt-5"
PROMPT = "What can you do?"
SAVED: dict[str, str] = {}


class Colour(BaseModel):
    """What the structured answer is."""

    colour: str


def save(name: str, text: str) -> str:
    """Save a text.

    Args:
        name: its name
        text: the text
    """
    SAVED[name] = text
    return f"saved {name}"


SAVE = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "text": {"type": "string"}},
    "required": ["name", "text"],
    "additionalProperties": False,
}


class Job:
    """What is to be done."""

    def __init__(self, given: str) -> None:
        job = json.loads(given)
        self.base, self.key, self.task, self._image = job["base"], job["key"], job["task"], job["image"]

    @property
    def picture(self) -> str:
        """The image in base64."""
        return base64.b64encode(Path(self._image).read_bytes()).decode()

    @property
    def url(self) -> str:
        """The image as a data URL."""
        return f"data:image/png;base64,{self.picture}"


def openai_responses(job: Job) -> dict[str, Any]:
    """Loop over `responses.stream`, sending the whole history each time."""
    import openai

    client = openai.OpenAI(base_url=f"{job.base}/v1", api_key=job.key)
    content: list[Any] = [{"type": "input_text", "text": PROMPT}]
    if job.task == "image":
        content.append({"type": "input_image", "image_url": job.url, "detail": "auto"})
    input_: list[Any] = [{"role": "user", "content": content}]
    rest: dict[str, Any] = {"model": MODEL, "store": False, "include": ["reasoning.encrypted_content"]}
    if job.task == "schema":
        rest["text_format"] = Colour
    if job.task == "tool":
        rest["tools"] = [{"type": "function", "name": "save", "parameters": SAVE, "strict": True}]
    while True:
        with client.responses.stream(input=input_, **rest) as stream:
            answer = stream.get_final_response()
        if answer.error is not None:
            raise RuntimeError(answer.error.message)
        calls = [item for item in answer.output if item.type == "function_call"]
        if not calls:
            data = answer.output_parsed.model_dump() if job.task == "schema" else None
            return {"text": answer.output_text, "data": data}
        input_ += [item.model_dump(exclude_none=True, exclude={"parsed_arguments"}) for item in answer.output]
        for call in calls:
            output = save(**json.loads(call.arguments))
            input_.append({"type": "function_call_output", "call_id": call.call_id, "output": output})


def openai_runner(job: Job) -> dict[str, Any]:
    """Let the SDK's own tool runner do it, with a stream for the task `streamed`."""
    import openai
    from openai.lib.responses_tool_runner import RegisteredFunction, ResponsesToolRunner

    client = openai.OpenAI(base_url=f"{job.base}/v1", api_key=job.key)
    tool: Any = {"type": "function", "name": "save", "description": "Save a text", "parameters": SAVE, "strict": True}
    runner = ResponsesToolRunner(functions=[RegisteredFunction(tool, lambda given: save(**given))])  # type: ignore[arg-type]  # the schema says that both are texts
    asked: Any = {"model": MODEL, "input": PROMPT, "store": False, "include": ["reasoning.encrypted_content"]}
    return {"text": runner.run(client, asked, stream=job.task == "streamed", max_steps=5).output_text}


def openai_chat(job: Job) -> dict[str, Any]:
    """Loop over `chat.completions.stream`."""
    import openai

    client = openai.OpenAI(base_url=f"{job.base}/v1", api_key=job.key)
    content: list[Any] = [{"type": "text", "text": PROMPT}]
    if job.task == "image":
        content.append({"type": "image_url", "image_url": {"url": job.url}})
    messages: list[Any] = [{"role": "user", "content": content}]
    rest: dict[str, Any] = {"model": MODEL}
    if job.task == "schema":
        rest["response_format"] = Colour
    if job.task == "tool":
        function = {"name": "save", "parameters": SAVE, "strict": True}
        rest["tools"] = [{"type": "function", "function": function}]
    while True:
        with client.chat.completions.stream(messages=messages, **rest) as stream:
            message = stream.get_final_completion().choices[0].message
        if not message.tool_calls:
            return {"text": message.content, "data": message.parsed.model_dump() if message.parsed else None}
        messages.append(message.model_dump(exclude_none=True, exclude={"parsed"}))
        for call in message.tool_calls:
            output = save(**json.loads(call.function.arguments))
            messages.append({"role": "tool", "tool_call_id": call.id, "content": output})


def anthropic_messages(job: Job) -> dict[str, Any]:
    """Let the SDK's own tool runner do it."""
    import anthropic
    from anthropic import beta_tool

    client = anthropic.Anthropic(base_url=job.base, api_key=job.key)
    content: list[Any] = [{"type": "text", "text": PROMPT}]
    if job.task == "image":
        source = {"type": "base64", "media_type": "image/png", "data": job.picture}
        content.append({"type": "image", "source": source})
    body: dict[str, Any] = {"model": MODEL, "max_tokens": 8000, "messages": [{"role": "user", "content": content}]}
    body["thinking"] = {"type": "adaptive"}
    if job.task == "schema":
        return {"data": client.beta.messages.parse(**body, output_format=Colour).parsed_output.model_dump()}
    if job.task == "tool":
        answer = client.beta.messages.tool_runner(**body, tools=[beta_tool(save)]).until_done()
    else:
        with client.beta.messages.stream(**body) as stream:
            answer = stream.get_final_message()
    return {"text": "".join(block.text for block in answer.content if block.type == "text")}


def openai_agents(job: Job) -> dict[str, Any]:
    """Run an agent of openai-agents."""
    import openai
    from agents import Agent, ModelSettings, OpenAIResponsesModel, Runner, function_tool, set_tracing_disabled

    set_tracing_disabled(True)
    client = openai.AsyncOpenAI(base_url=f"{job.base}/v1", api_key=job.key)
    settings = ModelSettings(store=False, response_include=["reasoning.encrypted_content"])
    more: dict[str, Any] = {"output_type": Colour} if job.task == "schema" else {}
    if job.task == "tool":
        more["tools"] = [function_tool(save)]
    agent = Agent("tester", model=OpenAIResponsesModel(MODEL, client), model_settings=settings, **more)
    content: list[Any] = [{"type": "input_text", "text": PROMPT}]
    if job.task == "image":
        content.append({"type": "input_image", "image_url": job.url, "detail": "auto"})

    async def run() -> Any:
        answer = Runner.run_streamed(agent, [{"role": "user", "content": content}])
        async for _ in answer.stream_events():
            pass
        return answer.final_output

    found = asyncio.run(run())
    return {"data": found.model_dump()} if job.task == "schema" else {"text": found}


DRIVERS = {
    each.__name__: each for each in (openai_responses, openai_runner, openai_chat, anthropic_messages, openai_agents)
}


def main() -> None:
    """Do one turn and tell what came of it."""
    try:
        told = DRIVERS[sys.argv[1]](Job(sys.argv[2]))
    except Exception as error:  # whatever the SDK raises is what the test asks for
        told = {"error": {"message": str(error), "status": getattr(error, "status_code", None)}}
    print(json.dumps({**told, "saved": SAVED}))


if __name__ == "__main__":
    main()
