"""The management API of a server as an operator starts it: with several workers, and without a file."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

KEYED = {"X-Management-Key": "the right key"}
FILE = """\
# mine
tppc:
  providers:
  - name: fox   # fast
    enabled: true
    base-url: http://127.0.0.1:9/v1
    api-key: sk-fox-123
"""
PATIENCE = 30.0


def ask(server: Any, method: str, path: str, **options: Any) -> httpx.Response:
    """Ask on a connection of its own, so that any worker may answer."""
    url = f"{server.url}/v0/management{path}"
    return httpx.request(method, url, headers=KEYED, trust_env=False, timeout=PATIENCE, **options)


def until(done: Callable[[], bool]) -> None:
    give_up = time.monotonic() + PATIENCE
    while not done():
        assert time.monotonic() < give_up, "it does not come about"
        time.sleep(0.02)


def test_every_worker_follows_a_change(serving: Any, tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_text(FILE)
    server = serving(
        "jackfield", "serve", "--port", "0", "--workers", "2", MANAGEMENT_PASSWORD=KEYED["X-Management-Key"]
    )
    owl = {"name": "owl", "enabled": True, "base-url": "http://127.0.0.1:9/v1", "api-key": "sk-owl-123"}

    changed = ask(server, "PATCH", "/tppc", json={"providers": [owl]})

    assert changed.status_code == 200, changed.text
    assert file.read_text().startswith(FILE)
    shown = {ask(server, "GET", "/tppc").text for _ in range(10)}
    assert shown == {changed.text}, "what is shown comes from the file, whichever worker answers"
    until(lambda: all("owl" in ask(server, "GET", "/providers").text for _ in range(12)))
    assert server.log.count("tppc.providers[owl]: added") == 2, "once in each worker"


def test_workers_that_write_at_once_lose_nothing(serving: Any, tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text(FILE)
    server = serving(
        "jackfield", "serve", "--port", "0", "--workers", "2", MANAGEMENT_PASSWORD=KEYED["X-Management-Key"]
    )

    with httpx.Client(base_url=f"{server.url}/v0/management", headers=KEYED, trust_env=False) as one:
        with httpx.Client(base_url=f"{server.url}/v0/management", headers=KEYED, trust_env=False) as other:
            for number in range(6):
                for client, name in ((one, "one"), (other, "other")):
                    body = {"providers": [{"name": f"{name}{number}"}]}
                    assert client.patch("/tppc", json=body).status_code == 200
        names = [entry["name"] for entry in one.get("/tppc").json()["providers"]]

    assert len(names) == 13


def test_a_plain_key_is_hashed_once_by_several_workers(serving: Any, tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_text("remote-management: {secret-key: the right key}\n")
    server = serving("jackfield", "serve", "--port", "0", "--workers", "2")

    until(lambda: "the right key" not in file.read_text())
    stored = file.read_text()

    assert "$2b$10$" in stored
    assert all(ask(server, "GET", "/debug").status_code == 200 for _ in range(6))
    assert file.read_text() == stored
    assert "the right key" not in server.log


WRITES = [
    ("PUT", "/packycode", {"enabled": False}),
    ("PATCH", "/tppc", {"providers": [{"name": "new"}]}),
    ("PUT", "/debug", {"value": True}),
    ("PATCH", "/api-keys", ["sk-client-1234567890"]),
]


def test_without_a_file_everything_can_be_read_and_nothing_written(serving: Any) -> None:
    server = serving("jackfield", "serve", "--port", "0", MANAGEMENT_PASSWORD=KEYED["X-Management-Key"])

    for path in ("/packycode", "/tppc", "/debug", "/api-keys", "/config", "/health", "/openapi.json"):
        read = ask(server, "GET", path)
        assert read.status_code == 200
        assert "etag" not in read.headers
    file = ask(server, "GET", "/config.yaml")
    assert (file.status_code, file.json()["error"]) == (404, "no configuration file")
    written = [ask(server, method, path, json=body) for method, path, body in WRITES]
    written.append(ask(server, "PUT", "/config.yaml", content="debug: true\n"))
    for answer in written:
        assert (answer.status_code, answer.json()["error"]) == (409, "no configuration file")
        assert "--config" in answer.json()["message"]


@pytest.mark.parametrize("password", ["", "the right key"])
def test_without_a_key_there_is_nothing(serving: Any, password: str) -> None:
    server = serving("jackfield", "serve", "--port", "0", MANAGEMENT_PASSWORD=password)

    assert ask(server, "GET", "/debug").status_code == (200 if password else 404)


DOCS = Path(__file__).resolve().parent.parent / "docs"


def test_both_languages_show_the_same() -> None:
    """What needs no translation: the routes in headings, examples, code, statuses."""

    def bones(name: str) -> dict[str, list[str]]:
        text = (DOCS / name).read_text("utf-8")
        prose = re.sub(r"<!-- example.*?<!-- end -->", "", text, flags=re.DOTALL)
        return {
            "examples": re.findall(r"<!-- example: .*?<!-- end -->", text, re.DOTALL),
            "headings": [" ".join(re.findall(r"`.*?`|^#+", line)) for line in re.findall(r"^#.*", text, re.MULTILINE)],
            "code": sorted(re.findall(r"`[^`\n]+`", prose)),
            "rows": re.findall(r"^\| (\d+) \|", prose, re.MULTILINE),
            "blocks": re.findall(r"^```(?:yaml|sh)\n.*?```", prose, re.DOTALL | re.MULTILINE),
        }

    english, chinese = bones("management-api.md"), bones("management-api.zh.md")

    assert len(english["examples"]) > 20
    for part, found in english.items():
        assert chinese[part] == found, part


ELSEWHERE = {"/demo", "/statistics", "/codex-login", "/tps", "/usage"}
"""Keys like others of their kind, and what another plugin documents."""


def test_every_route_is_in_the_docs_with_an_example() -> None:
    text = (DOCS / "management-api.md").read_text("utf-8")
    described = json.loads((DOCS.parent / "schemas/management.openapi.json").read_text("utf-8"))["paths"]
    routes = {path.removeprefix("/v0/management") for path in described} - ELSEWHERE
    shown = set(re.findall(r"^(?:GET|PUT|PATCH|POST|DELETE) /v0/management(/[\w.-]+)", text, re.MULTILINE))

    assert [route for route in sorted(routes) if f"`{route}`" not in text] == []
    assert routes - shown == {"/tps-log", "/usage-statistics-enabled"}, "shown by /debug, which is of their kind"
