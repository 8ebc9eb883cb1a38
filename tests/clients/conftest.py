"""Real clients in front of the proxy, a scripted upstream behind it.

Codex CLI and Claude Code come from npm at the versions that `package-lock.json` pins, into a cache folder, without
running any script of theirs. They see a bare environment, a home of their own, and no network but loopback. Every
request that reaches the upstream must be one that it accepts, and every answer that a client got must be well-formed.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import struct
import tempfile
import zlib
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import orjson
import pytest
from jackfield.testing import (
    FakeUpstream,
    RecordedRequest,
    RunningServer,
    closed_url,
    make_app,
    running,
    upstream_problems,
)

from ..npm import node_modules
from .answered import Answered, recording
from .codex_cli import SETTINGS, Issuer, login, token
from .opencode_cli import PACKAGES, settings
from .program import Client, client, program

HERE = Path(__file__).resolve().parent
KEY = "client-key-0123456789abcdef"
HOMES = "/var/tmp" if os.access("/var/tmp", os.W_OK) else None
"""Where the homes are made: Codex makes no helper programs under /tmp."""


def pytest_configure(config: pytest.Config) -> None:
    """Make the markers known: `-m "not clients"` leaves these tests out."""
    config.addinivalue_line("markers", "clients: runs the real clients (needs Node.js and, the first time, npm)")
    config.addinivalue_line("markers", "silence: waits for forty seconds and more, and computes nothing")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests of this folder; installing the clients does not count as a test's time."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.clients)
            item.add_marker(pytest.mark.timeout(300, func_only=True))


# -- the clients


@pytest.fixture(scope="session")
def installed() -> Path:
    """Return the folder of the installed packages; skip where there is no Node.js, or npm cannot install."""
    return node_modules(HERE)


@pytest.fixture(scope="session")
def scripts(installed: Path) -> Path:
    """Return the programs of `js/`, beside the packages that they import."""
    folder = installed.parent / "js"
    shutil.copytree(HERE / "js", folder, dirs_exist_ok=True)
    return folder


@pytest.fixture
def key() -> str:
    """Return the client's key."""
    return KEY


@pytest.fixture
def place() -> Iterator[Path]:
    """Return a new folder that lies in no repository and not under /tmp."""
    folder = Path(tempfile.mkdtemp(prefix="jackfield-client-", dir=HOMES))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def picture(place: Path) -> Path:
    """Return a PNG file of 4 x 3 red pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", 4, 3, 8, 2, 0, 0, 0)
    pixels = zlib.compress((b"\0" + b"\xff\0\0" * 4) * 3)
    path = place / "picture.png"
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", pixels) + chunk(b"IEND", b""))
    return path


@pytest.fixture
async def codex(installed: Path, place: Path, server: RunningServer) -> AsyncIterator[Client]:
    """Return Codex CLI, whose provider is the proxy."""
    found = program(installed, "@openai/codex-*/vendor/*/bin/codex")
    async with client(found, place, {"CODEX_HOME": str(place / "home" / ".codex"), "JACKFIELD_KEY": KEY}) as made:
        settings = made.home / ".codex" / "config.toml"
        settings.parent.mkdir()
        settings.write_text(SETTINGS.format(url=server.v1))
        yield made


@pytest.fixture
async def issuer() -> AsyncIterator[Issuer]:
    """Return the endpoint at which Codex CLI renews its tokens."""
    made = Issuer()
    async with made.serving():
        yield made


@pytest.fixture
async def logged_in(installed: Path, place: Path, open_server: RunningServer, issuer: Issuer) -> AsyncIterator[Client]:
    """Return Codex CLI as somebody has it who is logged in with ChatGPT and changed one line of its settings."""
    found = program(installed, "@openai/codex-*/vendor/*/bin/codex")
    env = {"CODEX_HOME": str(place / "login" / "home" / ".codex"), "CODEX_REFRESH_TOKEN_URL_OVERRIDE": issuer.url}
    async with client(found, place / "login", env) as made:
        folder = made.home / ".codex"
        folder.mkdir()
        lines = {"model": "gpt-5.5", "openai_base_url": open_server.v1, "chatgpt_base_url": closed_url()}
        (folder / "config.toml").write_text("".join(f'{name} = "{value}"\n' for name, value in lines.items()))
        (folder / "auth.json").write_bytes(orjson.dumps(login(token("by nobody"))))
        yield made


@pytest.fixture
async def claude(installed: Path, place: Path, server: RunningServer) -> AsyncIterator[Client]:
    """Return Claude Code, whose API is the proxy."""
    found = program(installed, "@anthropic-ai/claude-code-*/claude")
    env = {
        "ANTHROPIC_BASE_URL": server.base_url,
        "ANTHROPIC_AUTH_TOKEN": KEY,
        "ANTHROPIC_MODEL": "gpt-5",
        "ANTHROPIC_DEFAULT_HAIKU_MODEL": "gpt-5-low",
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
        "DISABLE_AUTOUPDATER": "1",
        "CLAUDE_CODE_MAX_RETRIES": "2",
    }
    async with client(found, place, env) as made:
        yield made


@pytest.fixture
async def opencodes(installed: Path, place: Path, server: RunningServer) -> AsyncIterator[dict[str, Client]]:
    """Return opencode once for each of the three dialects, by the package that speaks it."""
    found = program(installed, "opencode-*/bin/opencode")
    env = {"OPENCODE_DISABLE_AUTOUPDATE": "1", "OPENCODE_DISABLE_LSP_DOWNLOAD": "1"}
    async with contextlib.AsyncExitStack() as stack:
        made = {npm: await stack.enter_async_context(client(found, place / npm, env)) for npm in PACKAGES}
        for npm, each in made.items():
            file = each.home / ".config" / "opencode" / "opencode.json"
            file.parent.mkdir(parents=True)
            file.write_bytes(orjson.dumps(settings(npm, server.v1, KEY)))
        yield made


@pytest.fixture(params=PACKAGES)
def opencode(request: pytest.FixtureRequest, opencodes: dict[str, Client]) -> Client:
    """Return opencode, over each of the three dialects."""
    return opencodes[request.param]


# -- the proxy and the upstream


@pytest.fixture
async def upstream() -> AsyncIterator[FakeUpstream]:
    """Return the upstream. Afterwards every request that reached it is checked."""
    async with FakeUpstream() as upstream:
        yield upstream
    for request in upstream.requests:
        problems = upstream_problems(request.json())
        # A Responses client's tools pass as they are, and OpenAI takes this keyword.
        assert not [each for each in problems if not each.endswith("parameters.$schema: not permitted")], problems
        assert request.key == "sk-fox-0123456789"
        assert KEY.encode() not in request.body + str(request.raw_headers).encode()


@pytest.fixture
def answers() -> Iterator[list[Answered]]:
    """Return all answers that the proxy gave. Afterwards they are checked."""
    found: list[Answered] = []
    yield found
    for answer in found:
        answer.check()


@pytest.fixture
async def open_server(upstream: FakeUpstream, answers: list[Answered]) -> AsyncIterator[RunningServer]:
    """Return the proxy as it is without client keys: whoever reaches loopback is served."""
    fox = {"name": "fox", "enabled": True, "base-url": upstream.base_url, "api-key": "sk-fox-0123456789"}
    app = make_app({"request-retry": 0, "tppc": {"providers": [fox]}})
    async with running(recording(app, answers), grace=0.2) as server:
        yield server


@pytest.fixture
async def server(upstream: FakeUpstream, answers: list[Answered]) -> AsyncIterator[RunningServer]:
    """Return the proxy, with a client key and the upstream as its provider `fox`."""
    fox = {"name": "fox", "enabled": True, "base-url": upstream.base_url, "api-key": "sk-fox-0123456789"}
    app = make_app({"api-keys": [KEY], "request-retry": 0, "tppc": {"providers": [fox]}})
    async with running(recording(app, answers), grace=0.2) as server:
        yield server


@pytest.fixture
def texts() -> Callable[[RecordedRequest], list[str]]:
    """Return a function that gives the texts of a request's input, in order, whoever says them."""

    def of(request: RecordedRequest) -> list[str]:
        found: list[str] = []
        for item in request.json()["input"]:
            content = item.get("content", item.get("output", ""))
            parts = content if isinstance(content, list) else [{"text": content}]
            found += [part["text"] for part in parts if part.get("text")]
        return found

    return of
