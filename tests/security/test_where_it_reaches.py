"""Lines 9 to 12 of docs/security.md: where a request may go, and what travels with it."""

from __future__ import annotations

import asyncio
import dataclasses
from pathlib import Path
from typing import Any

import orjson
import pytest
import yaml
from jackfield.testing import FakeUpstream, closed_url, http_error, reply, text_answer

MESSAGES = [{"role": "user", "content": "Hi"}]
DIALECTS: dict[str, dict[str, Any]] = {
    "/v1/responses": {"model": "gpt-5", "input": "Hi"},
    "/v1/chat/completions": {"model": "gpt-5", "messages": MESSAGES},
    "/v1/messages": {"model": "gpt-5", "max_tokens": 50, "messages": MESSAGES},
}


# -- 9


def steering(url: str) -> dict[str, Any]:
    """Return fields that would lead a careless gateway to a URL, to another key, or through a proxy."""
    names = ["base_url", "base-url", "api_base", "api-base", "url", "host", "endpoint", "target", "azure_endpoint",
             "proxy", "proxy_url", "proxy-url", "callback_url", "webhook_url"]  # fmt: skip
    keys = {"api_key": "sk-evil", "api-key": "sk-evil", "authorization": "Bearer sk-evil", "extra_headers": {"x": "y"}}
    return {**dict.fromkeys(names, url), **keys, "headers": {"Host": "evil", "Authorization": "Bearer sk-evil"}}


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("path", DIALECTS)
async def test_09_no_field_of_a_client_steers(
    proxy: Any, fox: FakeUpstream, owl: FakeUpstream, path: str, stream: bool
) -> None:
    house = await proxy(fox)
    evil = steering(owl.base_url)
    deep = {"metadata": evil, "provider": evil, "litellm_params": evil, "extra_body": {"extra_body": evil}}
    body = {**DIALECTS[path], "stream": stream, **evil, **deep}

    answer = await house.post(path, json=body, headers={"x-session-id": owl.base_url})

    assert answer.status_code in (200, 400)
    assert owl.requests == []
    for request in fox.requests:
        assert (request.path, request.key) == ("/v1/responses", "sk-fox-0123456789")
        assert request.headers["host"] == fox.base_url.split("/")[2]
        assert "evil" not in str(request.headers)


HEADERS = ["X-Base-Url", "X-Api-Base", "X-Target", "X-Upstream", "X-Forwarded-Host", "X-Original-Url", "X-Rewrite-Url",
           "X-Proxy-Url", "Proxy", "Destination", "OpenAI-Base-Url", "X-Codex-Base-Url"]  # fmt: skip


@pytest.mark.parametrize("path", DIALECTS)
async def test_09_no_header_of_a_client_steers(proxy: Any, fox: FakeUpstream, owl: FakeUpstream, path: str) -> None:
    house = await proxy(fox)
    headers = dict.fromkeys(HEADERS, owl.base_url)
    answer = await house.post(path, json=DIALECTS[path], headers={**headers, "Host": owl.base_url.split("/")[2]})

    assert answer.status_code == 200
    assert owl.requests == []
    assert fox.last.headers["host"] == fox.base_url.split("/")[2]


@pytest.mark.parametrize("model", ["{}/gpt-5", "http:gpt-5@{}", "fox@{}/gpt-5", "../gpt-5", "fox/../../x"])
async def test_09_no_model_name_steers(proxy: Any, fox: FakeUpstream, owl: FakeUpstream, model: str) -> None:
    house = await proxy(fox)
    answer = await house.post(json={"model": model.format(owl.base_url), "input": "Hi"})
    assert answer.status_code == 404
    assert fox.requests == owl.requests == []


async def test_09_what_a_client_links_to_is_not_fetched(proxy: Any, fox: FakeUpstream, owl: FakeUpstream) -> None:
    house = await proxy(fox)
    image = {"type": "image", "source": {"type": "url", "url": f"{owl.base_url}/x.png"}}
    body = {"model": "gpt-5", "max_tokens": 9, "messages": [{"role": "user", "content": [image]}]}
    assert (await house.post("/v1/messages", json=body)).status_code == 200
    assert (await house.post("/v1/messages/count_tokens", json=body)).status_code == 200
    assert owl.requests == []
    assert owl.open_connections == 0


# -- 10

REFUSED = ["https://user@fox.example/v1", "https://user:pass@fox.example/v1", "https://fox.example/v1?x=1",
           "https://fox.example/v1?", "https://fox.example/v1#x", "https://fox.example/v1#", "ftp://fox.example/v1",
           "file:///etc/passwd", "//fox.example/v1", "http://169.254.169.254/v1", "http://169.254.1.1/v1",
           "http://[fe80::1]/v1", "http://[fe80::1%25eth0]/v1", "http://[::ffff:169.254.169.254]/v1",
           "http://[::ffff:a9fe:a9fe]/v1", "http://[64:ff9b::a9fe:a9fe]/v1", "http://[2002:a9fe:a9fe::]/v1",
           "http://[fd00:ec2::254]/v1", "http://2852039166/v1", "http://0xa9fea9fe/v1", "http://0251.0376.0251.0376/v1",
           "http://169.254.43518/v1", "http://0xa9.254.0251.254/v1", "http://metadata.google.internal/v1",
           "http://METADATA.google.internal./v1", "http://metadata/v1", "http://100.100.100.200/v1",
           "http://168.63.129.16/v1"]  # fmt: skip
ALLOWED = ["https://fox.example/v1", "http://127.0.0.1:8080/v1", "http://10.0.0.7/v1", "http://192.168.1.2:99",
           "http://172.16.0.1/v1", "http://[::1]:8080/v1", "http://[fd12:3456::1]/v1", "http://relay.local/v1",
           "http://100.64.0.1/v1"]  # fmt: skip


def providers(urls: list[str]) -> str:
    entries = [
        {"name": f"p{place}", "enabled": True, "base-url": url, "api-key": f"sk-p{place}-0123456789"}
        for place, url in enumerate(urls)
    ]
    return yaml.safe_dump({"tppc": {"providers": entries}})


def test_10_what_no_base_url_may_be(command: Any, tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text(providers(REFUSED))

    told = command("config", "check")

    missing = [
        url for place, url in enumerate(REFUSED) if f"providers[{place}].base-url" not in told.stdout + told.stderr
    ]
    assert missing == []
    assert told.returncode == 1


def test_10_private_ranges_are_the_operators_choice(command: Any, tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text(providers(ALLOWED))
    told = command("config", "check")
    assert told.returncode == 0, told.stdout + told.stderr


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_10_redirects_are_not_followed(proxy: Any, fox: FakeUpstream, owl: FakeUpstream, status: int) -> None:
    house = await proxy(fox)
    fox.default = dataclasses.replace(reply(b"", status), headers={"location": f"{owl.base_url}/responses"})

    answer = await house.post()

    assert answer.status_code == 502
    assert "location" not in answer.headers
    assert owl.base_url not in answer.text
    assert owl.requests == []


@pytest.fixture
def resolver(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return what lets names lead to addresses: `resolver({"name.example": ["192.0.2.1"]})`."""

    def answering(table: dict[str, list[str]]) -> None:
        loop = asyncio.get_running_loop()
        real = loop.getaddrinfo

        async def getaddrinfo(host: str, port: int, **options: Any) -> Any:
            if host not in table:
                return await real(host, port, **options)
            families = {False: 2, True: 10}
            return [(families[":" in each], 1, 6, "", (each, port)) for each in table[host]]

        monkeypatch.setattr(loop, "getaddrinfo", getaddrinfo)

    return answering


@pytest.mark.parametrize(
    "address", ["169.254.169.254", "fe80::1", "::ffff:169.254.169.254", "100.100.100.200", "fd00:ec2::254"]
)
async def test_10_no_name_leads_to_a_metadata_address(proxy: Any, resolver: Any, address: str) -> None:
    resolver({"relay.example": [address]})
    house = await proxy("http://relay.example/v1", request_retry=0)

    answer = await house.post()

    assert answer.status_code == 502
    assert "link-local or metadata" in answer.text


async def test_10_of_several_addresses_only_the_others_are_used(proxy: Any, resolver: Any, fox: FakeUpstream) -> None:
    resolver({"relay.example": ["169.254.169.254", "127.0.0.1"]})
    house = await proxy(fox.base_url.replace("127.0.0.1", "relay.example"))
    assert (await house.post()).status_code == 200
    assert fox.last.headers["host"].startswith("relay.example:")


# -- 11

SENT = {
    "cookie": "session=canary", "proxy-authorization": "Basic canary", "x-api-key": "canary-canary-canary",
    "x-goog-api-key": "canary-canary-canary", "authorization": "Bearer canary-canary-canary", "te": "trailers",
    "keep-alive": "timeout=canary", "x-forwarded-for": "canary", "x-custom": "canary", "referer": "http://canary",
    "origin": "http://canary", "from": "canary", "via": "1.1 canary", "forwarded": "for=canary",
    "x-management-key": "canary", "openai-organization": "canary", "anthropic-beta": "canary",
}  # fmt: skip


@pytest.mark.parametrize("path", DIALECTS)
async def test_11_a_clients_headers_travel_from_a_list_alone(proxy: Any, fox: FakeUpstream, path: str) -> None:
    house = await proxy(fox, api_keys=["canary-canary-canary"])
    answer = await house.post(path, json=DIALECTS[path], headers={**SENT, "user-agent": "an agent", "session_id": "s"})

    assert answer.status_code == 200, answer.text
    sent = dict(fox.last.headers)
    assert "canary" not in str(sent)
    assert sent["user-agent"].startswith("jackfield/")  # only a Codex client's own travels
    assert sent["authorization"] == "Bearer sk-fox-0123456789"
    assert not {"cookie", "te", "keep-alive", "connection", "upgrade", "proxy-authorization"} & set(sent)


BACK = {
    "set-cookie": "canary=1", "server": "canary", "x-powered-by": "canary", "via": "1.1 canary", "location": "/canary",
    "www-authenticate": "canary", "proxy-authenticate": "canary", "trailer": "canary", "alt-svc": "canary",
    "keep-alive": "timeout=canary", "x-internal": "canary", "access-control-allow-origin": "https://canary",
    "strict-transport-security": "max-age=1; canary", "content-security-policy": "canary", "clear-site-data": "canary",
    "authorization": "canary", "x-api-key": "canary", "content-disposition": "canary",
}  # fmt: skip


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("path", DIALECTS)
@pytest.mark.parametrize("script", [text_answer(), http_error(429)], ids=["answer", "error"])
async def test_11_an_upstreams_headers_travel_from_a_list_alone(
    proxy: Any, fox: FakeUpstream, path: str, stream: bool, script: Any
) -> None:
    house = await proxy(fox, request_retry=0)
    fox.default = dataclasses.replace(script, headers={**script.headers, **BACK, "x-request-id": "req-7"})

    answer = await house.post(path, json={**DIALECTS[path], "stream": stream})

    assert "canary" not in str(answer.headers)
    assert answer.headers["x-request-id"] == "req-7"


@pytest.mark.parametrize("bad", ["a\r\nX-Evil: 1", "a\nX-Evil: 1", "a\rX-Evil: 1", "a\x00b"])
def test_11_line_ends_are_refused_in_the_operators_headers_and_keys(command: Any, tmp_path: Path, bad: str) -> None:
    entry = {"name": "fox", "enabled": True, "base-url": "https://fox.example/v1", "api-key": "sk-fox-0123456789"}
    found = [{**entry, "headers": {"x-team": bad}}, {**entry, "name": "owl", "headers": {f"x-{bad}": "a"}},
             {**entry, "name": "elk", "api-key": f"sk-elk-{bad}"}]  # fmt: skip
    (tmp_path / "config.yaml").write_text(yaml.safe_dump({"tppc": {"providers": found}}))

    told = command("config", "check")

    assert told.returncode == 1
    for place in range(3):
        assert f"providers[{place}]" in told.stdout + told.stderr


@pytest.mark.parametrize("end", ["\r\n", "\n", "\r", "\x00"])
@pytest.mark.parametrize("field", ["prompt_cache_key", "user", "session_id", "model", "conversation_id"])
async def test_11_no_field_of_a_body_adds_a_header(proxy: Any, fox: FakeUpstream, field: str, end: str) -> None:
    house = await proxy(fox)
    body = {"model": "gpt-5", "input": "Hi", field: f"gpt-5{end}X-Evil: 1{end}{end}"}

    answer = await house.post(content=orjson.dumps(body))

    assert answer.status_code in (200, 400, 404)
    for request in fox.requests:
        assert "x-evil" not in {name.lower() for name in request.headers}


@pytest.mark.parametrize("value", [b"a\x00b", b"a\rb", b"a\nX-Evil: 1", b"\x7fa"])
async def test_11_no_header_of_an_upstream_adds_one(proxy: Any, value: bytes) -> None:
    async def answering(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 429 No\r\nx-request-id: " + value + b"\r\ncontent-length: 2\r\n\r\n{}")
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(answering, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        house = await proxy(f"http://127.0.0.1:{port}/v1", request_retry=0)
        answer = await house.post()

    assert answer.status_code in (429, 502)
    assert "x-evil" not in answer.headers
    assert not {"\r", "\n", "\0"} & set(answer.headers.get("x-request-id", ""))


# -- 12


async def test_12_a_key_goes_only_to_its_own_url(proxy: Any, fox: FakeUpstream, owl: FakeUpstream) -> None:
    house = await proxy(fox, owl, closed_url())
    for failure in (http_error(401), http_error(500), http_error(429), text_answer()):
        fox.script(failure)
        await house.client.post("/v0/management/reset-cooldown")
        await house.post()

    assert fox.requests
    assert owl.requests
    assert {request.key for request in fox.requests} == {"sk-fox-0123456789"}
    assert {request.key for request in owl.requests} == {"sk-owl-0123456789"}


async def test_12_not_even_after_an_edit_swapped_the_urls(proxy: Any, fox: FakeUpstream, owl: FakeUpstream) -> None:
    house = await proxy(fox, owl)
    await house.post(json={"model": "fox/gpt-5", "input": "Hi"})

    def swapped(text: str) -> str:
        one, two = fox.base_url, owl.base_url
        return text.replace(one, "http://x.example").replace(two, one).replace("http://x.example", two)

    await house.host.config.change(swapped)
    await house.post(json={"model": "fox/gpt-5", "input": "Hi"})

    assert [request.key for request in fox.requests] == ["sk-fox-0123456789"]
    assert [request.key for request in owl.requests] == ["sk-fox-0123456789"], "the operator moved this provider"
