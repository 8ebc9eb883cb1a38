"""`docs/management-api.md` and its Chinese sister: prose that people write, around exchanges that really took place.

A line `<!-- example: NAME -->` is followed by the exchange of that name, up to `<!-- end -->`; what is between the two
is written here.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Collection, Mapping
from functools import cache
from pathlib import Path
from typing import Any

WIDTH = 100
"""Characters that a line of JSON may have before it is broken up."""

_EXAMPLE = re.compile(r"<!-- example: ([\w-]+)(?: first=(\d+))? -->\n.*?<!-- end -->", re.DOTALL)


def page(text: str, plugins: Collection[str]) -> str:
    """Return the text of a page with its examples as they are now. Raises KeyError for one that is not recorded."""
    said = _recorded(frozenset(plugins))

    def fill(found: re.Match[str]) -> str:
        first = f" first={found[2]}" if found[2] else ""
        shown = _shown(said[found[1]], int(found[2]) if found[2] else None)
        return f"<!-- example: {found[1]}{first} -->\n{shown}<!-- end -->"

    return _EXAMPLE.sub(fill, text)


@cache
def _recorded(plugins: frozenset[str]) -> Mapping[str, Mapping[str, Any]]:
    """Return what a proxy said, without what is never the same: times, and plugins that are installed beside ours."""
    scripts = Path(__file__).resolve().parent.parent
    environment = {**os.environ, "PYTHONPATH": str(scripts)}
    command = [sys.executable, "-m", "documents.record"]
    run = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)  # noqa: S603  # our own
    if run.returncode:
        raise RuntimeError(f"the examples could not be recorded:\n{run.stderr}")
    said: dict[str, Any] = json.loads(run.stdout)
    told = json.loads(said["plugins"]["body"])
    ours = [each | {"load-seconds": 0.01} for each in told["plugins"] if each["name"] in plugins]
    said["plugins"]["body"] = json.dumps({"plugins": ours})
    return said


def _shown(exchange: Mapping[str, Any], first: int | None) -> str:
    """Return an exchange as two blocks of HTTP; of a long answer only the `first` lines."""
    request = exchange["request"]
    asked = [f"{request['method']} {request['path']}", *_headers(request["headers"])]
    if request["body"] is not None:
        asked += ["", _body(request["body"])]
    answer = _body(json.loads(exchange["body"]) if _is_json(exchange) else exchange["body"])
    if first is not None:
        answer = "\n".join([*answer.split("\n")[:first], "..."])
    answered = [f"HTTP/1.1 {exchange['status']}", *_headers(exchange["headers"]), "", answer]
    return _block(asked) + "\n" + _block(answered)


def _is_json(exchange: Mapping[str, Any]) -> bool:
    return str(exchange["headers"].get("Content-Type")) == "application/json"


def _block(lines: list[str]) -> str:
    return "\n".join(["```http", *lines, "```", ""])


def _headers(headers: Mapping[str, str]) -> list[str]:
    return [f"{name}: {value}" for name, value in headers.items()]


def _body(body: Any) -> str:
    return body.rstrip("\n") if isinstance(body, str) else _json(body, 0)


def _json(value: Any, indent: int) -> str:
    """Return data as JSON that people read: on one line where it fits."""
    flat = json.dumps(value, ensure_ascii=False)
    if len(flat) + indent <= WIDTH or not isinstance(value, dict | list) or not value:
        return flat
    blanks = " " * (indent + 2)
    if isinstance(value, dict):
        parts = [f"{blanks}{json.dumps(key)}: {_json(part, indent + 2)}" for key, part in value.items()]
        return "{\n" + ",\n".join(parts) + f"\n{' ' * indent}}}"
    return "[\n" + ",\n".join(f"{blanks}{_json(part, indent + 2)}" for part in value) + f"\n{' ' * indent}]"
