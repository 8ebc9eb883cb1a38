"""Lines 16 to 19 of docs/security.md: what logs, errors and statistics may say."""

from __future__ import annotations

import dataclasses
import os
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
import yaml
from jackfield.testing import (
    FakeUpstream,
    cut_after,
    error_event,
    failed,
    hang,
    html_page,
    http_error,
    json_reply,
    reply,
    text_answer,
)

WITHIN = 30.0
CLIENT, OTHER = "client-canary-0123456789", "client-two-canary-0123456789"
PROVIDER, HEADER = "provider-canary-0123456789", "header-canary-0123456789"
MANAGEMENT = "manage-canary-0123456789"
SECRETS = (CLIENT, OTHER, PROVIDER, HEADER, MANAGEMENT)
PATTERNS = (
    "sk-canary0123456789 and Bearer canary0123456789 and https://user:canary@host/x and eyJcanary0123.canary.canary"
)
ECHO = f"your key {PROVIDER}, header {HEADER}, and {PATTERNS}"
MESSAGES = [{"role": "user", "content": "Hi"}]
DIALECTS: dict[str, dict[str, Any]] = {
    "/v1/responses": {"model": "gpt-5", "input": "Hi"},
    "/v1/chat/completions": {"model": "gpt-5", "messages": MESSAGES},
    "/v1/messages": {"model": "gpt-5", "max_tokens": 50, "messages": MESSAGES},
}

TALKATIVE = '''
    """A plugin that says all that it should not, in every way that Python has."""
    import asyncio, logging, sys, threading, warnings
    from jackfield.api import hookimpl

    SECRET = "PROVIDER"

    class Dying:
        def __del__(self):
            raise ValueError(f"dying with {SECRET}")

    def in_a_thread():
        raise ValueError(f"in a thread with {SECRET}")

    async def in_a_task():
        raise ValueError(f"in a task with {SECRET}")

    @hookimpl
    def on_request_complete(record):
        for name in ("jackfield", "jackfield.plugin.x", "hypercorn.error", "quart.app", "asyncio", "httpx", "mine"):
            logging.getLogger(name).error("%s says %s", name, SECRET, extra={"field": SECRET, "deep": {"a": [SECRET]}})
        warnings.warn(f"a warning of {SECRET}")
        Dying()
        thread = threading.Thread(target=in_a_thread)
        thread.start()
        thread.join()
        asyncio.get_running_loop().create_task(in_a_task())
        asyncio.get_running_loop().call_soon(lambda: 1 / 0 if not SECRET else int(SECRET))
        logging.getLogger("mine").error("two\\nlines \\x1b[31mred\\x00", extra={"url": f"https://u:{SECRET}@host/x"})
        raise RuntimeError(f"the end with {SECRET}")
'''


@pytest.fixture(scope="module", params=["text", "json"])
def served(request: Any, server_in: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The real command with a plugin that tells, and everything that it printed, on both outputs."""
    folder = tmp_path_factory.mktemp("tells")
    site = folder / "site"
    info = site / "jf_talkative-1.dist-info"
    info.mkdir(parents=True)
    (site / "jf_talkative.py").write_text(textwrap.dedent(TALKATIVE).replace("PROVIDER", PROVIDER))
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: jf-talkative\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[jackfield]\ntalkative = jf_talkative\n")
    with FakeUpstream.in_thread() as upstream:
        fox = {"name": "fox", "enabled": True, "base-url": upstream.base_url, "api-key": PROVIDER,
               "headers": {"x-team": HEADER}}  # fmt: skip
        config = {"api-keys": [CLIENT, OTHER], "remote-management": {"secret-key": MANAGEMENT}, "debug": True,
                  "log-format": request.param, "request-log": True, "request-retry": 0, "disable-cooling": True,
                  "tps-log": True, "limits": {"first-byte-timeout": 3}, "tppc": {"providers": [fox]}}  # fmt: skip
        (folder / "config.yaml").write_text(yaml.safe_dump(config))
        clean = {name: value for name, value in os.environ.items() if not name.startswith("JACKFIELD")}
        command = [sys.executable, "-m", "jackfield", "serve", "--port", "0"]
        with server_in(command, folder, clean | {"PYTHONPATH": str(site)}) as server:
            server.upstream = upstream
            server.format = request.param
            server.config = folder / "config.yaml"
            yield server


def ask(served: Any, path: str = "/v1/responses", *, key: str = CLIENT, method: str = "POST", **options: Any) -> Any:
    headers = {"Authorization": f"Bearer {key}", **options.pop("headers", {})}
    if method == "POST" and "content" not in options:
        options.setdefault("json", DIALECTS.get(path, {}))
    return httpx.request(method, served.url + path, headers=headers, trust_env=False, timeout=WITHIN, **options)


FAILURES = {
    "served": text_answer(),
    "401": http_error(401, ECHO),
    "400": http_error(400, ECHO),
    "404": http_error(404, ECHO),
    "429": http_error(429, ECHO),
    "500": http_error(500, ECHO),
    "text": reply(ECHO.encode(), 503, "text/plain"),
    "code": json_reply({"error": {"message": "no", "code": ECHO, "type": ECHO, "param": ECHO}}, 400),
    "list": json_reply([{"error": {"message": ECHO}}], 400),
    "detail": json_reply({"detail": [{"msg": ECHO}]}, 422),
    "html": html_page(),
    "failed": failed("server_error", ECHO),
    "failed code": failed(ECHO, "no"),
    "error event": error_event("server_error", ECHO),
    "hang": hang(),
    "cut": cut_after(6),
    "headers": dataclasses.replace(http_error(429), headers={"x-request-id": PROVIDER, "retry-after": PROVIDER}),
}


# -- 16


def test_16_no_error_and_no_log_has_a_key(served: Any) -> None:
    """Every failure on every route, whole and streamed, then whatever else can be got wrong; then all that was said."""
    told = []
    for path, body in DIALECTS.items():
        for script in FAILURES.values():
            for stream in (False, True):
                served.upstream.default = script
                told.append(ask(served, path, json={**body, "stream": stream}))
    told.append(ask(served, headers={"x-api-key": OTHER}))
    for key in (CLIENT[:-1], OTHER + "x", PROVIDER, MANAGEMENT):
        told += [ask(served, path, key=key) for path in DIALECTS]
        told.append(ask(served, "/v1/models", method="GET", key=key))
    told += [ask(served, content=body) for body in (b"{", CLIENT.encode(), b'{"model": 7, "input": "Hi"}')]
    told.append(ask(served, f"/v1/models?key={CLIENT}&x=%0a", method="GET"))
    for route in ("config", "health", "plugins", "usage", "tps", "providers", "models", "api-keys", "tppc"):
        told.append(ask(served, f"/v0/management/{route}", method="GET", key=MANAGEMENT))
    for body in (b"{", b'["x"]', orjson.dumps({"providers": [{"name": "elk", "api-key": [PROVIDER], "x": HEADER}]})):
        told.append(ask(served, "/v0/management/tppc", method="PUT", key=MANAGEMENT, content=body))
    ask(served, f"/nowhere/{CLIENT}", method="GET")  # the answer repeats what was asked for; the log must not
    ask(served, json={"model": CLIENT, "input": "Hi"})

    assert [answer.text for answer in told if "canary" in answer.text + str(answer.headers)] == []
    voices = ("hypercorn.error", "quart.app", "asyncio", "mine", "py.warnings", "in a thread", "dying", "in a task")
    said = served.log
    assert [voice for voice in voices if voice not in said] == [], "not heard: the test proves nothing"
    assert [line for line in said.splitlines() if "canary" in line] == []


def test_16_nor_has_a_reload_that_goes_wrong(served: Any) -> None:
    good = served.config.read_text()
    for bad in (f"api-keys: {{{CLIENT}", f"port: {PROVIDER}\n{good}", f"{good}\nportt: {HEADER}\n", PROVIDER):
        told = served.log.count("is not valid")
        served.config.write_text(bad)
        wait_until(lambda told=told: served.log.count("is not valid") > told)
    served.config.write_text(good)
    wait_until(lambda: "again what it was" in served.log)

    assert [line for line in served.log.splitlines() if "canary" in line] == []


def wait_until(done: Callable[[], bool]) -> None:
    end = time.monotonic() + WITHIN
    while not done():
        assert time.monotonic() < end
        time.sleep(0.05)


@pytest.mark.parametrize("arguments", [["config", "show"], ["config", "check"], ["providers"], ["models"], ["plugins"]])
def test_16_no_command_shows_a_key(command: Any, tmp_path: Path, arguments: list[str]) -> None:
    fox = {"name": "fox", "enabled": True, "base-url": "http://127.0.0.1:9/v1", "api-key": PROVIDER,
           "proxy-url": f"http://me:{HEADER}@127.0.0.1:9"}  # fmt: skip
    config = {"api-keys": [CLIENT], "remote-management": {"secret-key": MANAGEMENT}, "tppc": {"providers": [fox]}}
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(config))

    done = command(*arguments)

    assert done.returncode == 0, done.stderr
    assert not [secret for secret in SECRETS if secret in done.stdout + done.stderr]


# -- 17


def test_17_no_body_is_written(served: Any) -> None:
    served.upstream.default = text_answer("the answer says pelican")
    for path in DIALECTS:
        body = orjson.loads(orjson.dumps(DIALECTS[path]).replace(b"Hi", b"the question says flamingo"))
        assert ask(served, path, json=body).status_code == 200
        assert ask(served, path, json={**body, "stream": True}).status_code == 200
    served.upstream.default = http_error(500, "an error says heron")
    assert ask(served, json={"model": "gpt-5", "input": "flamingo"}).status_code >= 500
    assert ask(served, content=b'{"model": "flamingo').status_code == 400

    assert "flamingo" not in served.log
    assert "pelican" not in served.log


def test_17_a_line_is_a_line_whatever_is_in_it(served: Any) -> None:
    forged = "x\r\n2026-01-01T00:00:00.000+00:00 info jackfield: forged\x1b[31m\x00\u2028\x85\u202e"
    served.upstream.default = text_answer()
    ask(served, json={"model": forged, "input": "Hi"})
    ask(served, f"/{forged.encode().hex()}%0d%0a%1b", method="GET")
    said = served.log

    assert "\x1b" not in said
    assert "\0" not in said
    assert not [line for line in said.splitlines() if line.startswith("2026-01-01T00:00:00.000") or line == "lines"]
    if served.format == "json":
        assert all(isinstance(orjson.loads(line), dict) for line in said.splitlines() if not starts_up(line))


def starts_up(line: str) -> bool:
    """Return True for what the command says before its log begins."""
    return line.startswith("jackfield ") and " listens on " in line


def test_17_a_line_has_an_end(served: Any) -> None:
    for length in (10_000, 1_000_000):
        ask(served, json={"model": "m" * length, "input": "Hi"})
        ask(served, content=b'{"model": "' + b"m" * length)
    assert max(len(line) for line in served.log.splitlines()) < 20_000


# -- 18


@pytest.mark.parametrize("path", DIALECTS)
@pytest.mark.parametrize("stream", [True, False])
async def test_18_an_upstreams_error_comes_filtered_in_a_stable_envelope(
    proxy: Any, fox: FakeUpstream, path: str, stream: bool
) -> None:
    house = await proxy(
        fox,
        provider_keys={"api-key": PROVIDER, "headers": {"x-team": HEADER}},
        request_retry=0,
        disable_cooling=True,
        limits={"first-byte-timeout": 2},
    )
    page = f"<html><body><h1>Bad gateway</h1>{ECHO}</body></html>"
    pages = {
        "page": reply(page.encode(), 502, "text/html"),
        "page said to be JSON": reply(page.encode(), 502, "application/json"),
        "page in JSON": json_reply({"error": {"message": f"nginx: {page}"}}, 500),
        "page with 200": reply(page.encode(), 200, "text/html"),
        "page in a stream": failed("server_error", page),
    }
    for name, script in {**FAILURES, **pages}.items():
        if name == "served":
            continue
        fox.default = script
        answer = await house.post(path, json={**DIALECTS[path], "stream": stream})
        assert "canary" not in answer.text + str(answer.headers), name
        assert "<" not in answer.text, name
        if answer.status_code != 200:
            assert set(answer.json()) - {"request_id"} in ({"error"}, {"error", "type"}), name
            wanted = {"type", "message"} if path == "/v1/messages" else {"message", "type", "param", "code"}
            assert set(answer.json()["error"]) == wanted, name


# -- 19


async def test_19_labels_are_bounded(proxy: Any, fox: FakeUpstream) -> None:
    key = {"Authorization": f"Bearer {MANAGEMENT}"}
    house = await proxy(fox, remote_management={"secret-key": MANAGEMENT}, usage_statistics_enabled=True,
                        statistics={"store": "memory"})  # fmt: skip
    await house.post()
    for number in range(60):
        await house.post(json={"model": f"made-up-{number}", "input": "Hi"})
        await house.post(json={"model": f"nobody{number}/gpt-5", "input": "Hi"})
    for _ in range(200):
        usage = (await house.client.get("/v0/management/usage", headers=key)).json()["usage"]
        if usage["total"]["requests"] == 121:
            break

    assert usage["total"]["requests"] == 121
    assert set(usage["by-model"]) == {"gpt-5", "other"}
    assert set(usage["by-provider"]) == {"fox", "other"}
    assert usage["by-model"]["other"]["requests"] == 120


async def test_19_names_that_a_pattern_lets_through_are_bounded_too(
    proxy: Any, fox: FakeUpstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`gpt-*` is served whatever follows, so a client could make up as many labels as it likes."""
    monkeypatch.setattr("jackfield_tps.usage.Names.MOST", 10)
    key = {"Authorization": f"Bearer {MANAGEMENT}"}
    house = await proxy(fox, remote_management={"secret-key": MANAGEMENT}, usage_statistics_enabled=True,
                        statistics={"store": "memory"})  # fmt: skip
    for number in range(40):
        assert (await house.post(json={"model": f"gpt-{number}-{'x' * 1000}", "input": "Hi"})).status_code == 200
    for _ in range(200):
        usage = (await house.client.get("/v0/management/usage", headers=key)).json()["usage"]
        if usage["total"]["requests"] == 40:
            break

    assert len(usage["by-model"]) <= 11
    assert usage["by-model"]["other"]["requests"] >= 30
    assert max(len(name) for name in usage["by-model"]) <= 200
