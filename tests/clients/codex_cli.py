"""How Codex CLI is started and read, with an API key and logged in with ChatGPT."""

from __future__ import annotations

import base64
import contextlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
from jackfield.testing import RunningServer, running
from quart import Quart, request

from .program import Ended

EXEC = ("exec", "--json", "--skip-git-repo-check", "--dangerously-bypass-approvals-and-sandbox")
RESUME = ("exec", "resume", "--last", *EXEC[1:])

SETTINGS = """\
model = "gpt-5"
model_provider = "jackfield"

[model_providers.jackfield]
name = "jackfield"
base_url = "{url}"
wire_api = "responses"
env_key = "JACKFIELD_KEY"
request_max_retries = 1
stream_max_retries = 1
"""


def said(ended: Ended) -> list[str]:
    """Return what the agent said."""
    found = [event["item"] for event in ended.events if event["type"] == "item.completed"]
    return [item["text"] for item in found if item["type"] == "agent_message"]


def told(ended: Ended) -> str:
    """Return the words with which the turn failed."""
    message: str = ended.events[-1]["error"]["message"]
    return message


def token(signed: str, *, ends: timedelta = timedelta(days=1)) -> str:
    """Return a token of an account that there is not; `signed` tells one from another."""
    claims = {
        "email": "ada@example.com",
        "exp": int((datetime.now(UTC) + ends).timestamp()),
        "https://api.openai.com/auth": {"chatgpt_plan_type": "plus", "chatgpt_account_id": "account-of-the-test"},
    }
    parts = ({"alg": "none", "typ": "JWT"}, claims, {"signed": signed})
    return ".".join(base64.urlsafe_b64encode(orjson.dumps(part)).decode().rstrip("=") for part in parts)


def login(access: str) -> dict[str, Any]:
    """Return what `codex login` leaves."""
    tokens = {"id_token": token("id"), "access_token": access, "refresh_token": "r-1"}
    return {
        "auth_mode": "chatgpt",
        "OPENAI_API_KEY": None,
        "tokens": {**tokens, "account_id": "account-of-the-test"},
        "last_refresh": datetime.now(UTC).isoformat(),
    }


class Issuer:
    """The token endpoint: what it was asked, and the token that it gives."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        self.gives = token("renewed")
        self.url = ""

    @contextlib.asynccontextmanager
    async def serving(self) -> AsyncIterator[RunningServer]:
        """Serve it on a loopback port; `url` is where it is reached."""
        app = Quart("issuer")

        @app.post("/token")
        async def renew() -> dict[str, str]:
            self.asked.append(await request.get_json(force=True))
            return {"id_token": token("id"), "access_token": self.gives, "refresh_token": "r-2"}

        async with running(app, grace=0.2) as server:
            self.url = f"{server.base_url}/token"
            yield server
