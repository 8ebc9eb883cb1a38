"""Real clients in front of the proxy, a scripted upstream behind it.

Codex CLI and Claude Code come from npm at the versions that `package-lock.json` pins, into a cache folder, without
running any script of theirs. They see a bare environment, a home of their own, and no network but loopback. Every
request that reaches the upstream must be one that it accepts, and every answer that a client got must be well-formed.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import dataclasses
import fcntl
import os
import shutil
import signal
import struct
import subprocess
import tempfile
import zlib
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

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

from .answered import Answered, recording

HERE = Path(__file__).resolve().parent
CACHE = HERE.parents[1] / ".cache" / "clients"
WITHIN = 40.0
"""Seconds that a client may take; reached only when a test fails."""

KEY = "client-key-0123456789abcdef"
HOMES = "/var/tmp" if os.access("/var/tmp", os.W_OK) else None
"""Where the homes are made: Codex makes no helper programs under /tmp."""


def pytest_configure(config: pytest.Config) -> None:
    """Make the markers known: `-m "not clients"` leaves these tests out."""
    config.addinivalue_line("markers", "clients: runs the real clients (needs Node.js and, the first time, npm)")
    config.addinivalue_line("markers", "silence: waits through forty seconds without a byte")


def pytest_collection_modifyitems(items: Sequence[pytest.Item]) -> None:
    """Mark the tests of this folder; installing the clients does not count as a test's time."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.clients)
            item.add_marker(pytest.mark.timeout(100, func_only=True))


# -- the clients


@pytest.fixture(scope="session")
def installed() -> Path:
    """Return the folder of the installed packages; skip where there is no Node.js, or npm cannot install."""
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        pytest.skip("Node.js with npm is not installed here")
    CACHE.mkdir(parents=True, exist_ok=True)
    wanted = (HERE / "package-lock.json").read_bytes()
    done = CACHE / "installed.json"
    with (CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists() or done.read_bytes() != wanted:
            for name in ("package.json", "package-lock.json"):
                shutil.copy(HERE / name, CACHE)
            command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
            result = subprocess.run(command, cwd=CACHE, capture_output=True, text=True, check=False, timeout=600)
            if result.returncode:
                pytest.skip(f"npm could not install the clients: {result.stderr.strip()[-500:]}")
            done.write_bytes(wanted)
    return CACHE / "node_modules"


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


def program(installed: Path, pattern: str) -> Path:
    """Return the native program of this platform's package."""
    found = sorted(installed.glob(pattern))
    if not found:
        pytest.skip(f"there is no package for this platform: {pattern}")
    return found[0]


@dataclasses.dataclass(frozen=True)
class Ended:
    """What a client left behind."""

    code: int
    out: str
    err: str

    @property
    def events(self) -> list[dict[str, Any]]:
        """The JSON lines that it printed."""
        return [orjson.loads(line) for line in self.out.splitlines() if line.startswith("{")]

    def __str__(self) -> str:
        return f"status {self.code}\n{self.out[-3000:]}\n{self.err[-3000:]}"


class Running:
    """A client at work."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._output = asyncio.create_task(process.communicate())

    async def ended(self, within: float = WITHIN) -> Ended:
        """Return what it left when it has ended."""
        async with asyncio.timeout(within):
            out, err = await asyncio.shield(self._output)
        return Ended(self._process.returncode or 0, out.decode(), err.decode())

    def send(self, what: signal.Signals) -> None:
        """Send it a signal."""
        self._process.send_signal(what)

    def end(self) -> None:
        """Kill it with all that it started."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)


@dataclasses.dataclass
class Client:
    """A command line program with its home, its work folder and its environment."""

    program: Path
    work: Path
    home: Path
    env: dict[str, str]
    arguments: tuple[str, ...] = ()
    started: list[Running] = dataclasses.field(default_factory=list)

    async def start(self, *arguments: str, **env: str) -> Running:
        """Start it with further arguments and environment variables."""
        process = await asyncio.create_subprocess_exec(
            self.program,
            *arguments,
            cwd=self.work,
            env=self.env | env,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,
        )
        self.started.append(Running(process))
        return self.started[-1]

    async def run(self, *arguments: str, code: int = 0, **env: str) -> Ended:
        """Run it to its end, which must have this exit status."""
        ended = await (await self.start(*arguments, **env)).ended()
        assert ended.code == code, str(ended)
        return ended


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


def environment(home: Path) -> dict[str, str]:
    """Return an environment that holds nothing of this machine's, with a proxy for all else that leads nowhere."""
    nowhere = closed_url().rsplit("/", 1)[0]
    return {
        "HOME": str(home),
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "LANG": "C.UTF-8",
        "TERM": "dumb",
        "HTTPS_PROXY": nowhere,
        "https_proxy": nowhere,
        "NO_PROXY": "127.0.0.1,localhost",
    }


@contextlib.asynccontextmanager
async def client(program: Path, place: Path, env: Mapping[str, str]) -> AsyncIterator[Client]:
    """Give a client its folders; whatever it started ends with the test."""
    home, work = place / "home", place / "work"
    home.mkdir(exist_ok=True)
    work.mkdir(exist_ok=True)
    made = Client(program, work, home, environment(home) | dict(env))
    try:
        yield made
    finally:
        for running in made.started:
            running.end()
            await running.ended()


@pytest.fixture
async def codex(installed: Path, place: Path, server: RunningServer) -> AsyncIterator[Client]:
    """Return Codex CLI, whose provider is the proxy."""
    found = program(installed, "@openai/codex-*/vendor/*/bin/codex")
    async with client(found, place, {"CODEX_HOME": str(place / "home" / ".codex"), "JACKFIELD_KEY": KEY}) as made:
        settings = made.home / ".codex" / "config.toml"
        settings.parent.mkdir()
        settings.write_text(CODEX_SETTINGS.format(url=server.v1))
        yield made


CODEX_SETTINGS = """\
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


@pytest.fixture
async def logged_in(installed: Path, place: Path, open_server: RunningServer) -> AsyncIterator[Client]:
    """Return Codex CLI as somebody has it who is logged in with ChatGPT and changed one line of its settings."""
    found = program(installed, "@openai/codex-*/vendor/*/bin/codex")
    nowhere = closed_url()
    env = {"CODEX_HOME": str(place / "home" / ".codex"), "CODEX_REFRESH_TOKEN_URL_OVERRIDE": f"{nowhere}/token"}
    async with client(found, place, env) as made:
        folder = made.home / ".codex"
        folder.mkdir()
        lines = {"model": "gpt-5.5", "openai_base_url": open_server.v1, "chatgpt_base_url": nowhere}
        (folder / "config.toml").write_text("".join(f'{name} = "{value}"\n' for name, value in lines.items()))
        (folder / "auth.json").write_bytes(orjson.dumps(login()))
        yield made


def login() -> dict[str, Any]:
    """Return what `codex login` leaves: tokens of an account that there is not."""
    now = datetime.now(UTC)
    claims = {
        "email": "ada@example.com",
        "exp": int(now.timestamp()) + 86_400,
        "https://api.openai.com/auth": {"chatgpt_plan_type": "plus", "chatgpt_account_id": "account-of-the-test"},
    }
    parts = ({"alg": "none", "typ": "JWT"}, claims, {"signed": "by nobody"})
    token = ".".join(base64.urlsafe_b64encode(orjson.dumps(part)).decode().rstrip("=") for part in parts)
    tokens = {"id_token": token, "access_token": token, "refresh_token": "r", "account_id": "account-of-the-test"}
    return {"auth_mode": "chatgpt", "OPENAI_API_KEY": None, "tokens": tokens, "last_refresh": now.isoformat()}


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


@pytest.fixture(params=["@ai-sdk/openai", "@ai-sdk/openai-compatible", "@ai-sdk/anthropic"])
async def opencode(
    request: pytest.FixtureRequest, installed: Path, place: Path, server: RunningServer
) -> AsyncIterator[Client]:
    """Return opencode, over each of the three dialects."""
    found = program(installed, "opencode-*/bin/opencode")
    async with client(found, place, {"OPENCODE_DISABLE_AUTOUPDATE": "1", "OPENCODE_DISABLE_LSP_DOWNLOAD": "1"}) as made:
        model: dict[str, Any] = {"name": "GPT-5", "reasoning": True, "tool_call": True, "attachment": True}
        limit = {"context": 272_000, "output": 128_000}
        model["modalities"] = {"input": ["text", "image"], "output": ["text"]}
        options = {"baseURL": server.v1, "apiKey": KEY}
        provider = {"npm": request.param, "options": options, "models": {"gpt-5": {**model, "limit": limit}}}
        settings = {
            "provider": {"jackfield": provider},
            "share": "disabled",
            "permission": {"bash": "allow", "edit": "allow"},
        }
        file = made.home / ".config" / "opencode" / "opencode.json"
        file.parent.mkdir(parents=True)
        file.write_bytes(orjson.dumps(settings))
        yield made


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
