"""The client routes do what their description says; schemathesis asks them everything that can be asked."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest
import schemathesis
from hypothesis import strategies as st
from jackfield.app import dialects
from jackfield.testing import (
    FakeUpstream,
    Reasoning,
    RunningServer,
    Script,
    Text,
    ToolCall,
    WebSearch,
    answer,
    cut_after,
    empty,
    ends_early,
    error_event,
    failed,
    html_page,
    http_error,
    incomplete,
    jackfield_server_in_thread,
    reset_before_headers,
    text_answer,
    usage_limit,
)
from schemathesis import GenerationMode

DESCRIPTION: dict[str, Any] = json.loads(
    (Path(__file__).resolve().parent.parent / "schemas" / "client.openapi.json").read_bytes()
)
PATHS: dict[str, dict[str, Any]] = DESCRIPTION["paths"]
OPERATIONS = [(method.upper(), path) for path, item in PATHS.items() for method in item]
KEY = "client-key-0123456789abcdef"
KEYED = {"Authorization": f"Bearer {KEY}"}
ASKS = {
    "/v1/responses": {"model": "gpt-5", "input": "Hi"},
    "/v1/chat/completions": {"model": "gpt-5", "messages": [{"role": "user", "content": "Hi"}]},
    "/v1/messages": {"model": "gpt-5", "messages": [{"role": "user", "content": "Hi"}]},
}

REFUSED = [400, 401, 404, 405, 413]
CHECKS = {
    # Fields depend on each other in ways that the description says in words; and a websocket is always refused.
    "positive_data_acceptance": {"expected-statuses": ["2xx", *REFUSED]},
    "negative_data_rejection": {"expected-statuses": REFUSED},
}
EXAMPLES = 30
"""Requests of each mode for each operation."""


@pytest.fixture(scope="module")
def upstream() -> Iterator[FakeUpstream]:
    with FakeUpstream.in_thread() as running:
        yield running


@pytest.fixture(scope="module")
def server(upstream: FakeUpstream) -> Iterator[RunningServer]:
    fox = {"name": "fox", "enabled": True, "base-url": upstream.base_url, "api-key": "sk-fox-0123456789"}
    config = {"api-keys": [KEY], "tppc": {"providers": [fox]}, "disable-cooling": True, "request-retry": 0}
    with jackfield_server_in_thread(config) as running:
        yield running


@pytest.fixture(scope="module")
def described(server: RunningServer) -> Any:
    schema = schemathesis.openapi.from_dict(DESCRIPTION, config=schemathesis.Config.from_dict({"checks": CHECKS}))
    schema.config.update(base_url=server.base_url)
    return schema


def meant(case: Any, mode: GenerationMode, draw: Any) -> Any:
    """Return the case with what is seldom guessed: a model that is served, a wish for a stream, something to answer."""
    body, model = case.body, draw(st.sampled_from(["gpt-5", "gpt-5-high", "gemini"]))
    if case.path_parameters.get("id"):
        case.path_parameters["id"] = model
    if isinstance(body, dict) and isinstance(body.get("model"), str) and body["model"]:
        body["model"] = model
        if isinstance(body.get("stream", False), bool) and draw(st.booleans()):
            body["stream"] = True
        if mode is GenerationMode.POSITIVE and "messages" in body and draw(st.booleans()):
            body["messages"].insert(0, {"role": "user", "content": "Hi"})
    return case


@pytest.mark.filterwarnings("ignore")  # schemathesis and hypothesis warn about each other
@pytest.mark.timeout(300)
@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: str(mode.value))
@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_schemathesis_finds_no_fault(
    described: Any, upstream: FakeUpstream, method: str, path: str, mode: GenerationMode
) -> None:
    operation = described[path][method]
    if mode is GenerationMode.NEGATIVE and not (operation.body or operation.query):
        pytest.skip("there is nothing in it that could be wrong")
    upstream.default = answer(Reasoning("Hm."), WebSearch("foxes"), Text("Hello"), ToolCall("read", {"n": 1}))
    headers = {**KEYED, **({"anthropic-version": "2023-06-01"} if operation.query else {})}
    answered: Counter[tuple[int, str]] = Counter()

    @hypothesis.settings(hypothesis.settings.get_profile("everyday"), max_examples=EXAMPLES)
    @hypothesis.given(case=operation.as_strategy(generation_mode=mode), data=st.data())
    def holds(case: Any, data: st.DataObject) -> None:
        answer = meant(case, mode, data.draw).call_and_validate(headers=headers)
        answered[answer.status_code, str(answer.headers["content-type"][0])] += 1

    holds()
    if mode is GenerationMode.POSITIVE and (method, path) != ("GET", "/v1/models/{id}"):
        wanted = set(PATHS[path][method.lower()]["responses"].get("200", {}).get("content", ()))
        served = {media.partition(";")[0] for status, media in answered if status == 200}
        assert served <= wanted
        assert served or not wanted, "nothing that was sent was served"


FORMS = {False: "application/json", True: "text/event-stream"}


@pytest.mark.parametrize("stream", FORMS, ids=["whole", "stream"])
@pytest.mark.parametrize("path", ASKS)
def test_both_forms_of_an_answer_are_described(
    described: Any, server: RunningServer, upstream: FakeUpstream, path: str, stream: bool
) -> None:
    upstream.default = answer(Reasoning("Hm."), WebSearch("foxes"), Text("Hello"), ToolCall("read", {"n": 1}))
    with server.sync_client(KEY) as client:
        answered = client.post(path, json={**ASKS[path], "stream": stream})

    assert (answered.status_code, answered.headers["content-type"].partition(";")[0]) == (200, FORMS[stream])
    described[path]["POST"].validate_response(answered)


FAILURES: dict[str, Script] = {
    **{str(status): http_error(status) for status in (400, 401, 402, 403, 404, 408, 409, 413, 418, 422, 429)},
    **{str(status): http_error(status) for status in (500, 501, 502, 503, 504, 522, 529)},
    "context": http_error(400, "Too long", code="context_length_exceeded"),
    "model": http_error(404, "No such model", code="model_not_found"),
    "usage": usage_limit(60),
    "plan": http_error(403, "No Codex in this plan", code="usage_not_included"),
    "plan, by rate": http_error(429, "No Codex in this plan", code="usage_not_included"),
    "page": html_page(),
    "nothing": empty(),
    "reset": reset_before_headers(),
    "failed": failed("server_error", "Boom"),
    "policy": failed("data_residency_mismatch", "Not from there"),
    "error": error_event("slow_down", "Later"),
    "cut": cut_after(6, text_answer("Hello you")),
    "ends early": ends_early(6, text_answer("Hello you")),
    "incomplete": incomplete("content_filter"),
}


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize("path", ASKS)
@pytest.mark.parametrize("name", FAILURES)
def test_every_failure_of_an_upstream_is_described(
    described: Any, server: RunningServer, upstream: FakeUpstream, name: str, path: str, stream: bool
) -> None:
    upstream.default = FAILURES[name]
    with server.sync_client(KEY) as client:
        answered = client.post(path, json={**ASKS[path], "stream": stream})
    described[path]["POST"].validate_response(answered)


UNDESCRIBED = [
    (method, path)
    for path, item in PATHS.items()
    for method in ("GET", "POST", "PUT", "PATCH", "DELETE")
    if method.lower() not in item
]


@pytest.mark.parametrize(("method", "path"), UNDESCRIBED)
def test_other_methods_are_refused(described: Any, server: RunningServer, method: str, path: str) -> None:
    with server.sync_client(KEY) as client:
        answered = client.request(method, path.replace("{id}", "gpt-5"))
    assert answered.status_code == 405
    assert answered.headers["allow"]
    described[path][next(iter(PATHS[path]))].validate_response(answered)


GUARDED = [
    (method, path)
    for method, path in OPERATIONS
    if PATHS[path][method.lower()].get("security") != [] and not (method == "GET" and path in dialects())
]


@pytest.mark.parametrize("headers", [{}, {"x-api-key": "wrong"}, {**KEYED, "x-goog-api-key": "another"}], ids=repr)
@pytest.mark.parametrize(("method", "path"), GUARDED)
def test_nobody_enters_without_the_right_key(
    described: Any, server: RunningServer, method: str, path: str, headers: dict[str, str]
) -> None:
    with server.sync_client() as client:
        answered = client.request(method, path.replace("{id}", "gpt-5"), headers=headers, json=ASKS.get(path))
    assert answered.status_code == 401
    described[path][method].validate_response(answered)


def test_every_route_is_described(server: RunningServer) -> None:
    rules = [rule for rule in server.app.url_map.iter_rules() if rule.endpoint.startswith(("client.", "messages."))]
    served = {(method, rule.rule.replace("<path:model_id>", "{id}")) for rule in rules for method in rule.methods}
    answering = {(method, path) for method in ("GET", "POST") for path in dialects()}

    assert {each for each in served if each[0] not in ("HEAD", "OPTIONS")} | answering == set(OPERATIONS)
