import orjson
import pytest
from jackfield.dialects.chat import ChatDialect
from jackfield.responses.sse import Event, Splitter
from jackfield.testing.upstream_rules import REJECTED, check_upstream_request
from openai.types.chat import ChatCompletion, ChatCompletionChunk

DIALECT = ChatDialect()


def parsed(**request):
    """Parse a request; a user's "Hi" and a model are filled in."""
    whole = {"model": "gpt-5-high", "messages": [{"role": "user", "content": "Hi"}], **request}
    return DIALECT.parse(orjson.dumps(whole), {})


class Streamed:
    """A streamed answer, read as a client reads it; every chunk is checked against the SDK's model."""

    def __init__(self, raw):
        self.raw = raw
        events = Splitter().feed(raw)
        assert b"".join(event.raw for event in events) == raw
        assert not any(b"event:" in event.raw for event in events)
        data = [event.data for event in events if event.data]
        self.finished = bool(data) and data[-1] == b"[DONE]"
        assert b"[DONE]" not in data[:-1]
        bodies = [orjson.loads(line) for line in data if line != b"[DONE]"]
        self.error = bodies.pop()["error"] if bodies and "error" in bodies[-1] else None
        assert not any("error" in body for body in bodies)
        self.bodies = bodies
        self.chunks = [ChatCompletionChunk.model_validate(body, strict=True) for body in bodies]
        assert len({(chunk.id, chunk.created, chunk.model) for chunk in self.chunks}) <= 1
        self.usage = next((chunk.usage for chunk in self.chunks if not chunk.choices), None)
        self.deltas = [body["choices"][0]["delta"] for body in bodies if body["choices"]]
        reasons = [chunk.choices[0].finish_reason for chunk in self.chunks if chunk.choices]
        self.reason = reasons[-1] if reasons else None
        assert not any(reasons[:-1])
        assert [("role" in delta) for delta in self.deltas] == [place == 0 for place in range(len(self.deltas))]

    def text(self, key="content"):
        """Return a field of the message, put together."""
        return "".join(delta.get(key) or "" for delta in self.deltas)

    def calls(self):
        """Return the tool calls, put together: id, name, arguments."""
        calls = []
        for part in (part for delta in self.deltas for part in delta.get("tool_calls", ())):
            if part["index"] == len(calls):
                assert part["id"]
                calls.append([part["id"], part["function"]["name"], ""])
            calls[part["index"]][2] += part["function"]["arguments"]
        return [tuple(call) for call in calls]


def stream(bodies, **request):
    """Return the streamed answer to upstream events, all fed at once."""
    writer = DIALECT.writer(parsed(stream=True, **request))
    return Streamed(writer.feed([Event.of(body) for body in bodies]))


def collect(bodies, **request):
    """Return the JSON answer to upstream events, checked against the SDK's model."""
    collector = DIALECT.collector(parsed(**request))
    collector.feed([Event.of(body) for body in bodies])
    answer = orjson.loads(collector.result())
    ChatCompletion.model_validate(answer, strict=True)
    return answer


@pytest.fixture(scope="session", name="parsed")
def _parsed():
    return parsed


@pytest.fixture(scope="session", name="body")
def _body():
    """Return what the upstream is sent; every body has to be one that it accepts."""

    def body(*messages, **request):
        if messages:
            request["messages"] = list(messages)
        upstream = parsed(**request).body
        sent = {key: value for key, value in upstream.items() if key not in REJECTED}  # as executors do
        check_upstream_request({"model": "gpt-5", **sent})
        return upstream

    return body


@pytest.fixture(scope="session")
def items(body):
    return lambda *messages, **request: body(*messages, **request)["input"]


@pytest.fixture(scope="session", name="stream")
def _stream():
    return stream


@pytest.fixture(scope="session", name="collect")
def _collect():
    return collect


@pytest.fixture(scope="session", name="streamed")
def _streamed():
    return Streamed


@pytest.fixture(scope="session")
def up():
    """The upstream's events."""
    return Up


class Up:
    """Makes the events of an upstream's answer."""

    @staticmethod
    def created(**response):
        return {"type": "response.created", "response": {"id": "resp_1", "created_at": 1700000000.7, **response}}

    @staticmethod
    def added(index, **item):
        return {"type": "response.output_item.added", "output_index": index, "item": {"id": f"i_{index}", **item}}

    @staticmethod
    def done(index, **item):
        return {"type": "response.output_item.done", "output_index": index, "item": {"id": f"i_{index}", **item}}

    @staticmethod
    def delta(kind, index, text, **more):
        place = {"item_id": f"i_{index}", "output_index": index, "content_index": 0}
        return {"type": f"response.{kind}.delta", **place, **more, "delta": text}

    @classmethod
    def message(cls, index, *texts):
        yield cls.added(index, type="message", role="assistant", content=[])
        for text in texts:
            yield cls.delta("output_text", index, text)
        content = [{"type": "output_text", "text": "".join(texts), "annotations": []}]
        yield cls.done(index, type="message", role="assistant", content=content)

    @classmethod
    def function(cls, index, name, *pieces, call_id=None):
        call = {"type": "function_call", "name": name, "call_id": call_id or f"call_{index}"}
        yield cls.added(index, **call, arguments="")
        for piece in pieces:
            yield cls.delta("function_call_arguments", index, piece)
        yield cls.done(index, **call, arguments="".join(pieces))

    @classmethod
    def custom(cls, index, name, *pieces):
        call = {"type": "custom_tool_call", "name": name, "call_id": f"call_{index}"}
        yield cls.added(index, **call, input="")
        for piece in pieces:
            yield cls.delta("custom_tool_call_input", index, piece)
        yield cls.done(index, **call, input="".join(pieces))

    @classmethod
    def reasoning(cls, index, *parts):
        yield cls.added(index, type="reasoning", summary=[])
        for number, text in enumerate(parts):
            place = {"item_id": f"i_{index}", "output_index": index, "summary_index": number}
            yield {
                "type": "response.reasoning_summary_part.added",
                **place,
                "part": {"type": "summary_text", "text": ""},
            }
            yield {"type": "response.reasoning_summary_text.delta", **place, "delta": text}
        summary = [{"type": "summary_text", "text": text} for text in parts]
        yield cls.done(index, type="reasoning", summary=summary, encrypted_content="blob")

    @staticmethod
    def completed(**response):
        usage = {
            "input_tokens": 10,
            "input_tokens_details": {"cached_tokens": 4, "cache_write_tokens": 2},
            "output_tokens": 5,
            "output_tokens_details": {"reasoning_tokens": 3},
        }
        return {"type": "response.completed", "response": {"id": "resp_1", "output": [], "usage": usage, **response}}

    @staticmethod
    def incomplete(reason):
        details = {"reason": reason}
        return {"type": "response.incomplete", "response": {"status": "incomplete", "incomplete_details": details}}

    @staticmethod
    def failed(code, message):
        error = {"code": code, "message": message}
        return {"type": "response.failed", "response": {"status": "failed", "error": error}}
