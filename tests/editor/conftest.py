"""The language server that editors check YAML with, as an editor drives it: over its standard input and output.

It comes from npm at the version that `package-lock.json` pins, into a cache folder, without running any script.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import shutil
import subprocess
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import orjson
import pytest

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
CACHE = ROOT / ".cache" / "editor"
WITHIN = 30.0
"""Seconds that the server may take for an answer; reached only when a test fails."""

SETTINGS = {"validate": True, "hover": True, "completion": True, "schemaStore": {"enable": False}, "yamlVersion": "1.1"}


def pytest_collection_modifyitems(items: Sequence[pytest.Item]) -> None:
    """Installing the server does not count as a test's time."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.timeout(100, func_only=True))


@pytest.fixture(scope="session")
def program() -> list[str]:
    """Return the command of the server; skip where there is no Node.js, or npm cannot install it."""
    npm, node = shutil.which("npm"), shutil.which("node")
    if npm is None or node is None:
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
                pytest.skip(f"npm could not install the language server: {result.stderr.strip()[-500:]}")
            done.write_bytes(wanted)
    return [node, str(CACHE / "node_modules" / "yaml-language-server" / "bin" / "yaml-language-server"), "--stdio"]


class Editor:
    """An editor with one workspace folder: it opens files and asks about places in them. Lines count from 0."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self._out, self._in = process.stdin, process.stdout
        self._answers: dict[int, asyncio.Future[Any]] = {}
        self._findings: dict[str, asyncio.Future[list[dict[str, Any]]]] = {}
        self._reader = asyncio.create_task(self._read())

    async def begin(self, folder: Path) -> None:
        """Introduce the editor."""
        formats = {"contentFormat": ["markdown", "plaintext"]}
        await self.ask(
            "initialize",
            processId=None,
            rootUri=folder.as_uri(),
            workspaceFolders=[{"uri": folder.as_uri(), "name": "folder"}],
            capabilities={
                "workspace": {"configuration": True, "workspaceFolders": True},
                "textDocument": {"hover": formats, "publishDiagnostics": {}, "completion": {}},
            },
        )
        await self._tell("initialized")

    async def end(self) -> None:
        """Take leave."""
        await self.ask("shutdown")
        await self._tell("exit")
        self._reader.cancel()
        await asyncio.gather(self._reader, return_exceptions=True)

    async def open(self, file: Path) -> list[dict[str, Any]]:
        """Open a file and return what the server finds in it."""
        uri = file.as_uri()
        self._findings[uri] = found = asyncio.get_running_loop().create_future()
        text = await asyncio.to_thread(file.read_text, "utf-8")
        document = {"uri": uri, "languageId": "yaml", "version": 1, "text": text}
        await self._tell("textDocument/didOpen", textDocument=document)
        async with asyncio.timeout(WITHIN):
            return await found

    async def hover(self, file: Path, line: int, column: int) -> str:
        """Return the text that is shown when the pointer rests on a place; "" for none."""
        place = {"textDocument": {"uri": file.as_uri()}, "position": {"line": line, "character": column}}
        answer = await self.ask("textDocument/hover", **place)
        return str(answer["contents"]["value"]) if answer else ""

    async def completions(self, file: Path, line: int, column: int) -> list[str]:
        """Return what is offered at a place."""
        place = {"textDocument": {"uri": file.as_uri()}, "position": {"line": line, "character": column}}
        answer = await self.ask("textDocument/completion", **place)
        return [item["label"] for item in answer["items"]]

    async def ask(self, method: str, **params: Any) -> Any:
        """Send a request and return its result."""
        number = len(self._answers) + 1
        self._answers[number] = answer = asyncio.get_running_loop().create_future()
        await self._send({"id": number, "method": method, "params": params})
        async with asyncio.timeout(WITHIN):
            return await answer

    async def _tell(self, method: str, **params: Any) -> None:
        await self._send({"method": method, "params": params})

    async def _send(self, message: dict[str, Any]) -> None:
        body = orjson.dumps({"jsonrpc": "2.0", **message})
        self._out.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        await self._out.drain()

    async def _read(self) -> None:
        while head := await self._in.readuntil(b"\r\n\r\n"):
            length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
            await self._take(orjson.loads(await self._in.readexactly(length)))

    async def _take(self, message: dict[str, Any]) -> None:
        method, params = message.get("method"), message.get("params", {})
        if method == "textDocument/publishDiagnostics":
            found = self._findings.get(params["uri"])
            if found is not None and not found.done():
                found.set_result(params["diagnostics"])
        elif method == "workspace/configuration":
            sections = [SETTINGS if item.get("section") == "yaml" else {} for item in params["items"]]
            await self._send({"id": message["id"], "result": sections})
        elif method and "id" in message:
            await self._send({"id": message["id"], "result": None})
        elif "id" in message:
            self._answers[message["id"]].set_result(message.get("result"))


@pytest.fixture
async def editor(program: list[str], tmp_path: Path) -> AsyncIterator[Editor]:
    """Return an editor; its workspace is the test's folder."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*program, stdin=pipe, stdout=pipe, cwd=tmp_path)
    try:
        editor = Editor(process)
        await editor.begin(tmp_path)
        yield editor
        await editor.end()
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
