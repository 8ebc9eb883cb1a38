"""Lines 26 and 27: memory over many requests, and no network that nobody asked for.

`JACKFIELD_MEMORY_REQUESTS=100000` makes the first one the full measurement (some minutes); docs/reliability.md has one.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
import yaml
from jackfield.testing import FakeUpstream, Hang, text_answer

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ["jackfield", *sorted(path.name for path in ROOT.glob("plugins/*/src/*") if path.is_dir())]
REQUESTS = int(os.environ.get("JACKFIELD_MEMORY_REQUESTS", "3000"))
ABORTED = max(30, REQUESTS // 100)
WARM = 1000 if REQUESTS > 10_000 else 300
ALLOWED = 12 * 1024 * 1024
"""Bytes by which memory may differ: what an allocator keeps, not what a leak of 100 bytes a request adds up to."""
CLIENTS = 16
STEP = REQUESTS // 10
PATHS: dict[str, dict[str, Any]] = {
    "/v1/responses": {"model": "gpt-5", "input": "Hi"},
    "/v1/chat/completions": {"model": "gpt-5", "messages": [{"role": "user", "content": "Hi"}]},
    "/v1/messages": {"model": "gpt-5", "max_tokens": 50, "messages": [{"role": "user", "content": "Hi"}]},
    "/nowhere": {},
}


# -- 26


def memory_of(pid: int) -> int:
    """Return the resident bytes of a process."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def written(path: str, number: int) -> bytes:
    """Return a request, none like another: names, sessions and keys differ as those of many clients would."""
    body = {**PATHS[path], "stream": number % 2 == 0, "user": f"user-{number}", "prompt_cache_key": f"session-{number}"}
    data = orjson.dumps(body)
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\nx-api-key: made-up-key-{number}\r\nsession_id: s-{number}\r\n"
    return f"{head}Content-Length: {len(data)}\r\n\r\n".encode() + data


async def whole(reader: asyncio.StreamReader) -> None:
    """Read one answer to its end."""
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    if b"chunked" in head:
        await reader.readuntil(b"\r\n0\r\n\r\n")
    else:
        await reader.readexactly(int(head.partition(b"content-length: ")[2].split(b"\r\n")[0]))


async def asking(port: int, numbers: Any, upstream: FakeUpstream) -> None:
    """Send requests one after the other over one connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=2**22)
    for number in numbers:
        writer.write(written(list(PATHS)[number % len(PATHS)], number))
        await whole(reader)
        if number % 50 == 0:
            upstream.requests.clear()
    writer.close()
    await writer.wait_closed()


async def leaving(port: int, number: int) -> None:
    """Begin a stream, and leave in its middle."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(written("/v1/responses", 2 * number).replace(b"gpt-5", b"gpt-9"))
    await reader.readuntil(b"delta")
    writer.transport.abort()


async def load(port: int, upstream: FakeUpstream, numbers: range, aborted: int) -> None:
    """Send requests of these numbers, and leave so many streams."""
    for first in range(0, aborted, CLIENTS):
        await asyncio.gather(*(leaving(port, number) for number in range(first, min(first + CLIENTS, aborted))))
    await asyncio.gather(*(asking(port, numbers[start::CLIENTS], upstream) for start in range(CLIENTS)))
    upstream.requests.clear()


@pytest.mark.timeout(3600)
@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="reads /proc")
def test_26_memory_after_many_requests_is_that_of_after_a_few(server_in: Any, tmp_path: Path) -> None:
    with FakeUpstream.in_thread() as upstream:
        fox = {"name": "fox", "enabled": True, "base-url": upstream.base_url, "api-key": "sk-fox-0123456789"}
        config = {"usage-statistics-enabled": True, "tppc": {"providers": [fox]}}
        (tmp_path / "config.yaml").write_text(yaml.safe_dump(config))
        upstream.default = lambda request: (
            text_answer("one two three").cut(7, Hang())
            if request.json()["model"] == "gpt-9"
            else text_answer("one two")
        )
        command = [sys.executable, "-m", "jackfield", "serve", "--port", "0"]
        with server_in(command, tmp_path, dict(os.environ)) as server:
            pid = server._process.pid
            asyncio.run(load(server.port, upstream, range(WARM), 30))
            few = memory_of(pid)
            found = [few]
            for start in range(WARM, WARM + REQUESTS, STEP):
                asyncio.run(load(server.port, upstream, range(start, start + STEP), ABORTED * STEP // REQUESTS))
                found.append(memory_of(pid))

    print(f"after {WARM} requests, then after every {STEP} more: {[round(each / 2**20, 1) for each in found]} MB")
    assert found[-1] - few < ALLOWED


# -- 27

GUARD = '''
    """Ends the process that looks beyond this machine, and says where to."""
    import asyncio, os, sys, types

    uvloop = types.ModuleType("uvloop")  # its sockets are not Python's, so that nobody could watch them
    uvloop.new_event_loop = asyncio.new_event_loop
    sys.modules["uvloop"] = uvloop
    LOCAL = ("127.", "::1", "localhost", "0.0.0.0")

    def watch(event, arguments):
        place = None
        if event in ("socket.connect", "socket.sendto"):
            place = arguments[1][0] if isinstance(arguments[1], tuple) else None
        elif event in ("socket.getaddrinfo", "socket.gethostbyname"):
            place = arguments[0]
        elif event in ("urllib.Request", "ftplib.connect", "smtplib.connect"):
            place = arguments[0]
        if place is not None and not str(place).startswith(LOCAL):
            with open(os.environ["SEEN"], "a") as seen:
                print(event, place, file=seen)
            os._exit(77)

    sys.addaudithook(watch)
'''


@pytest.fixture
def guarded(tmp_path: Path) -> dict[str, str]:
    """An environment whose Python knows no other machine."""
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "sitecustomize.py").write_text(textwrap.dedent(GUARD))
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("JACKFIELD", "PYTHON"))}
    return {**clean, "PYTHONPATH": str(tmp_path / "site"), "SEEN": str(tmp_path / "seen")}


def run(code: str, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", textwrap.dedent(code)]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=120)


LOOKS = ["import socket; socket.create_connection(('192.0.2.1', 80), 1)",
         "import socket; socket.getaddrinfo('relay.example', 1)"]  # fmt: skip


@pytest.mark.parametrize("code", LOOKS)
def test_27_the_guard_sees_a_look_beyond(guarded: dict[str, str], code: str) -> None:
    assert run(code, guarded).returncode == 77


def test_27_no_network_at_import(guarded: dict[str, str]) -> None:
    """Every module of every distribution."""
    code = """
        import importlib, pkgutil, sys
        for name in sys.argv[1:] or NAMES:
            package = importlib.import_module(name)
            for found in pkgutil.walk_packages(package.__path__, f"{name}."):
                if not found.name.endswith("__main__"):
                    importlib.import_module(found.name)
        print(len([name for name in sys.modules if name.startswith("jackfield")]))
    """
    done = run(textwrap.dedent(code).replace("NAMES", repr(PACKAGES)), guarded)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 100
    assert not (Path(guarded["SEEN"])).exists()


def test_27_no_network_at_the_start(guarded: dict[str, str], server_in: Any, tmp_path: Path) -> None:
    """With providers of every kind configured, nothing is looked up until a client asks for it."""
    entry = {"enabled": True, "base-url": "https://relay.example/v1"}
    tppc = {"providers": [{"name": "fox", "api-key": "sk-fox-0123456789", **entry}]}
    packycode = {**entry, "credentials": {"openai-api-key": "sk-packy-0123456789"}}
    config = {"tppc": tppc, "packycode": packycode, "proxy-url": "http://proxy.example:3128", "tps-log": True,
              "codex-api-key": [{"api-key": "sk-codex-0123456789", "base-url": "https://relay.example/v1"}],
              "usage-statistics-enabled": True, "remote-management": {"secret-key": "a-management-key-0"}}  # fmt: skip
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(config))
    with server_in([sys.executable, "-m", "jackfield", "serve", "--port", "0"], tmp_path, guarded) as server:
        for path in ("/", "/healthz", "/readyz", "/v1/models"):
            assert server.get(path).status_code == 200
        counted = server.post("/v1/messages/count_tokens", model="gpt-5", messages=[{"role": "user", "content": "Hi"}])
        assert counted.status_code == 200
        assert not Path(guarded["SEEN"]).exists()
        with pytest.raises(httpx.HTTPError):
            server.post("/v1/responses", model="gpt-5", input="Hi")
    assert "proxy.example" in Path(guarded["SEEN"]).read_text(), "and the guard was there all the time"


def test_27_no_wheel_of_ours_names_a_pth_file() -> None:
    """What is built is looked at in tests/test_supply_chain.py; here, that no source tree has one to build from."""
    assert [*ROOT.glob("core/src/**/*.pth"), *ROOT.glob("plugins/*/src/**/*.pth")] == []
    for project in (ROOT / "core", *(path.parent for path in ROOT.glob("plugins/*/pyproject.toml"))):
        assert ".pth" not in (project / "pyproject.toml").read_text()
