"""Login files such as the Codex CLI writes, a backend and a token endpoint behind the real proxy."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import dataclasses
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
from jackfield.testing import FakeClock, FakeUpstream, RunningServer, jackfield_server, json_reply

ACCOUNT = "00000000-aaaa-bbbb-cccc-000000000000"
ASK = {"model": "codex/gpt-5", "input": "Hi"}
HOUR = 3600.0


def jwt(**claims: Any) -> str:
    """Return a token that says this of itself; nobody here checks its signature."""
    parts = ({"alg": "none"}, claims)
    return ".".join([*(base64.urlsafe_b64encode(orjson.dumps(part)).decode().rstrip("=") for part in parts), "sig"])


@dataclasses.dataclass
class Kit:
    """What tests make login files of; `account` is the one that they name."""

    clock: FakeClock
    refresh: str = dataclasses.field(default_factory=lambda: f"refresh-{uuid.uuid4().hex}")
    """The refresh token; another one in each test, since one that was refused is remembered."""
    account = ACCOUNT
    hour = HOUR
    jwt = staticmethod(jwt)

    def access(self, hours: float = 1, name: str = "first") -> str:
        """Return an access token that expires in so many hours."""
        return jwt(exp=int(self.clock.now().timestamp() + hours * HOUR), jti=name)

    def login(self, access_token: str = "", base_url: str | None = None, **fields: Any) -> dict[str, Any]:
        """Return the content of an `auth.json`; `fields` go beside the tokens."""
        held = {
            "id_token": jwt(email="ada@example.com"),
            "access_token": access_token or self.access(),
            "refresh_token": self.refresh,
            "account_id": ACCOUNT,
        }
        at = {"base_url": base_url} if base_url else {}
        return {"OPENAI_API_KEY": None, "tokens": held, "last_refresh": "2025-12-01T00:00:00Z", **at, **fields}

    def write(self, path: Path, content: dict[str, Any]) -> Path:
        """Write a login file."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(orjson.dumps(content, option=orjson.OPT_INDENT_2))
        path.chmod(0o600)
        return path

    def text(self, path: Path) -> str:
        """Return what a file holds."""
        return path.read_text()

    def remove(self, path: Path) -> None:
        """Delete a file."""
        path.unlink()

    def tokens(self, name: str = "second", **fields: Any) -> Any:
        """Return what a token endpoint answers: an access token that is good for ten days, and what `fields` say."""
        return json_reply({"access_token": self.access(240, name), **fields})

    async def until(self, holds: Callable[[], bool]) -> None:
        """Return when a condition holds; the server follows files within two seconds."""
        async with asyncio.timeout(30):
            while not holds():  # noqa: ASYNC110 - what is waited for is a file that is followed
                await asyncio.sleep(0.02)


@pytest.fixture
def kit(fake_clock: FakeClock) -> Kit:
    """What tests make login files of."""
    return Kit(fake_clock)


@dataclasses.dataclass
class House:
    """The proxy with login files; `file` is the first of them."""

    server: RunningServer
    client: httpx.AsyncClient
    file: Path

    @property
    def host(self) -> Any:
        return self.server.app.extensions["jackfield"]

    async def ask(self, **fields: Any) -> httpx.Response:
        return await self.client.post("/v1/responses", json={**ASK, **fields})

    @property
    def stored(self) -> dict[str, Any]:
        """What the login file holds now."""
        content: dict[str, Any] = orjson.loads(self.file.read_bytes())
        return content

    @property
    def credentials(self) -> dict[str, Any]:
        """Every credential, by id."""
        return {credential.id: credential for credential in self.host.runtime.found}


Serve = Callable[..., Awaitable[House]]


@pytest.fixture
async def backend() -> AsyncIterator[FakeUpstream]:
    """The ChatGPT backend."""
    async with FakeUpstream(prefix="/backend-api/codex") as backend:
        yield backend


@pytest.fixture
async def endpoint(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[FakeUpstream]:
    """The token endpoint; it knows no token unless a test gives it some."""
    refusal = json_reply({"error": {"code": "refresh_token_expired", "message": "sk-canary-refused"}}, 401)
    async with FakeUpstream(refusal, prefix="/oauth") as endpoint:
        monkeypatch.setenv("CODEX_REFRESH_TOKEN_URL_OVERRIDE", f"{endpoint.base_url}/responses")
        yield endpoint


@pytest.fixture
async def serve(tmp_path: Path, fake_clock: FakeClock) -> AsyncIterator[Serve]:
    """Return a function that starts the proxy with the login files given, and further keys of the configuration."""
    async with contextlib.AsyncExitStack() as stack:

        async def start(*files: Path, **config: Any) -> House:
            settings = {"codex-login": [str(file) for file in files], **config}
            server = await stack.enter_async_context(
                jackfield_server(settings, clock=fake_clock, path=tmp_path / "config.yaml")
            )
            client = await stack.enter_async_context(server.client(timeout=20))
            return House(server, client, files[0] if files else tmp_path / "auth.json")

        yield start


@pytest.fixture
def auth(tmp_path: Path, backend: FakeUpstream, kit: Kit) -> Path:
    """A login whose token is good for an hour."""
    return kit.write(tmp_path / ".codex" / "auth.json", kit.login(base_url=backend.base_url))


@pytest.fixture
def stale(tmp_path: Path, backend: FakeUpstream, kit: Kit) -> Path:
    """A login whose token has expired."""
    return kit.write(tmp_path / ".codex" / "auth.json", kit.login(kit.access(-1), backend.base_url))
