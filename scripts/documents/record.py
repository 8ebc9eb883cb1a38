"""Asks a proxy everything that the pages of the management API show; prints what was said as JSON.

A process of its own, so that nothing of it stays in the one that writes the pages.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any

import httpx
from jackfield.testing import FakeClock, jackfield_server_in_thread

KEY = "a-management-key"
HASH = "$2b$10$j9tYuRooflnnxtJfsi55x.J8DUEiJjVy4ebIKYqOYrNOoqsewWvI."

FILE = f"""\
# The configuration of our team
remote-management:
  secret-key: {HASH}

packycode:
  enabled: false   # switched on when we need it
  base-url: https://codex-api.packycode.com/v1
  credentials:
    openai-api-key: sk-openai-123

tppc:
  providers:
    - name: fox    # the fast one
      enabled: true
      base-url: https://fox.example.com/v1
      api-key: env:FOX_API_KEY
"""
SMALL = f"remote-management: {{secret-key: {HASH}}}\nplugins: {{allow: [demo, management]}}\n"

OWL = {
    "name": "owl",
    "enabled": True,
    "base-url": "https://owl.example.com/v1",
    "api-key": "sk-owl-123456",
    "openai-models": False,
    "models": ["owl-1"],
}

REQUESTS: list[tuple[str, str, str, Any]] = [
    ("missing-key", "GET", "/debug", None),
    ("get-packycode", "GET", "/packycode", None),
    ("patch-packycode", "PATCH", "/packycode", {"enabled": True}),
    ("put-packycode-invalid", "PUT", "/packycode", {"packycode": {"enabled": True, "wire-api": "chat"}}),
    ("patch-packycode-off", "PATCH", "/packycode", {"enabled": False}),
    ("get-tppc", "GET", "/tppc", None),
    ("patch-tppc", "PATCH", "/tppc", {"providers": [OWL, {"name": "fox", "enabled": False}]}),
    ("patch-tppc-invalid", "PATCH", "/tppc", {"providers": [{"name": "elk", "enabled": True}]}),
    ("providers", "GET", "/providers", None),
    ("models", "GET", "/models?provider=owl", None),
    ("health", "GET", "/health", None),
    ("reset-cooldown", "POST", "/reset-cooldown", {"credential": "tppc:owl:ID"}),
    ("put-tppc", "PUT", "/tppc", {"providers": []}),
    ("put-debug", "PUT", "/debug", {"value": True}),
    ("get-request-log", "GET", "/request-log", None),
    ("put-api-keys", "PUT", "/api-keys", ["anna-9f8e7d6c5b4a3f2e", "ben-1a2b3c4d5e6f7a8b"]),
    ("patch-api-keys", "PATCH", "/api-keys", ["carl-0f1e2d3c4b5a6978"]),
    ("delete-api-keys", "DELETE", "/api-keys?index=1", None),
    ("put-codex-api-key", "PUT", "/codex-api-key", [{"api-key": "env:OPENAI_API_KEY"}]),
    ("patch-codex-api-key", "PATCH", "/codex-api-key", {"index": 0, "value": {"priority": 1}}),
    ("config", "GET", "/config", None),
    ("get-config-yaml", "GET", "/config.yaml", None),
    ("put-config-yaml-old", "PUT", "/config.yaml", "debug: false\n"),
    ("put-config-yaml", "PUT", "/config.yaml", f"# Begun anew\nremote-management:\n  secret-key: {HASH}\n"),
    ("openapi", "GET", "/openapi.json", None),
]


def main() -> None:
    """Print every exchange by its name."""
    environment = {"FOX_API_KEY": "sk-fox-123456", "OPENAI_API_KEY": "sk-openai-123456", "CODEX_HOME": os.devnull}
    for name in ("MANAGEMENT_PASSWORD", "PACKYCODE_BASE_URL", "PACKYCODE_API_KEY"):
        os.environ.pop(name, None)
    os.environ.update(environment)
    said: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        for text, requests in ((FILE, REQUESTS), (SMALL, [("plugins", "GET", "/plugins", None)])):
            path = Path(folder) / "config.yaml"
            with jackfield_server_in_thread(text, path=path) as server, server.sync_client(timeout=30) as client:
                for name, *request in requests:
                    said[name] = _exchange(client, name, *request)
            if text is FILE:
                said["wrong-five-times"] = _banned(path)
    json.dump(said, sys.stdout)


def _exchange(client: httpx.Client, name: str, method: str, path: str, body: Any) -> Mapping[str, Any]:
    headers = {} if name == "missing-key" else {"Authorization": f"Bearer {KEY}"}
    if name == "put-config-yaml-old":
        headers["If-Match"] = '"the version that was read before"'
    if name == "reset-cooldown":
        known = client.get("/v0/management/health", headers=headers).json()["credentials"]
        body = {"credential": next(each["id"] for each in known if each["provider"] == "owl")}
    return _ask(client, method, path, headers, body)


def _ask(client: httpx.Client, method: str, path: str, headers: dict[str, str], body: Any) -> Mapping[str, Any]:
    if body is not None:
        headers["Content-Type"] = "application/yaml" if isinstance(body, str) else "application/json"
    content = body if isinstance(body, str) or body is None else json.dumps(body)
    answer = client.request(method, f"/v0/management{path}", headers=headers, content=content)
    kept = {name: answer.headers[name] for name in ("ETag", "Retry-After", "Content-Type") if name in answer.headers}
    return {
        "request": {"method": method, "path": f"/v0/management{path}", "headers": headers, "body": body},
        "status": f"{answer.status_code} {HTTPStatus(answer.status_code).phrase}",
        "headers": kept,
        "body": answer.text,
    }


def _banned(path: Path) -> Mapping[str, Any]:
    """Return what a client is told that sent five wrong keys."""
    with (
        jackfield_server_in_thread(SMALL, path=path, clock=FakeClock()) as server,
        server.sync_client(timeout=30) as client,
    ):
        for _ in range(5):
            client.get("/v0/management/debug", headers={"X-Management-Key": "wrong"})
        return _ask(client, "GET", "/debug", {"X-Management-Key": "wrong"}, None)


if __name__ == "__main__":
    main()
