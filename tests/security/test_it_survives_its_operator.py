"""Lines 23 to 25 of docs/security.md: the configuration file, the end, and plugins."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import socket
import subprocess
import sys
import sysconfig
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
import yaml
from jackfield.api import hookimpl
from jackfield.testing import FakeUpstream, Pause, text_answer

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sysconfig.get_path("scripts"))
WITHIN = 30.0
MANAGEMENT = "management-key-0123456789"
BEARER = {"Authorization": f"Bearer {MANAGEMENT}"}


# -- 23

WRITER = """
import sys
from pathlib import Path
from jackfield.config.file import ConfigFile

file = ConfigFile(Path(sys.argv[1]))
texts = [Path(name).read_text() for name in sys.argv[2:]]
print("ready", flush=True)
while True:
    file.replace(lambda old: texts[0] if old == texts[1] else texts[1])
"""


def test_23_a_kill_at_any_instant_leaves_the_old_file_or_the_new_one(tmp_path: Path) -> None:
    one, two = (f"# {name}\n" + f"api-keys: [key-{name}-0123456789]\n" + "# padding\n" * 20_000 for name in "ab")
    config = tmp_path / "config.yaml"
    for name, text in (("a.yaml", one), ("b.yaml", two), ("config.yaml", one)):
        (tmp_path / name).write_text(text)
    seen = set()
    for _ in range(12):
        command = [sys.executable, "-c", WRITER, str(config), str(tmp_path / "a.yaml"), str(tmp_path / "b.yaml")]
        writer = subprocess.Popen(command, stdout=subprocess.PIPE)
        assert writer.stdout is not None
        assert writer.stdout.readline() == b"ready\n"
        time.sleep(random.uniform(0.0, 0.05))
        writer.kill()
        writer.wait()
        writer.stdout.close()
        assert config.read_text() in (one, two)
        seen.add(config.read_text())
    assert seen <= {one, two}


async def test_23_writes_at_once_are_serialised(proxy: Any) -> None:
    """Each of many writers adds to what it finds; nothing that was acknowledged is lost."""
    house = await proxy(remote_management={"secret-key": MANAGEMENT})

    async def add(number: int) -> None:
        entry = {
            "name": f"p{number}",
            "enabled": False,
            "base-url": "https://p.example/v1",
            "api-key": "sk-p-012345678",
        }
        answer = await house.client.patch("/v0/management/tppc", json={"providers": [entry]}, headers=BEARER)
        assert answer.status_code == 200, answer.text

    switches = [house.client.put("/v0/management/debug", json={"value": bool(n % 2)}, headers=BEARER) for n in range(8)]
    await asyncio.gather(*(add(number) for number in range(16)), *switches)

    stored = yaml.safe_load(house.path.read_text())
    assert {entry["name"] for entry in stored["tppc"]["providers"]} == {f"p{number}" for number in range(16)}


@pytest.mark.parametrize(
    ("method", "route", "body"),
    [("PUT", "debug", {"value": True}), ("PATCH", "tppc", {"providers": []}), ("PUT", "config.yaml", None)],
)
async def test_23_if_match_is_honoured_where_given(proxy: Any, method: str, route: str, body: Any) -> None:
    house = await proxy(remote_management={"secret-key": MANAGEMENT})
    version = (await house.client.get("/v0/management/config", headers=BEARER)).headers["etag"]
    text = house.path.read_text()

    async def write(match: str) -> int:
        content = f"{text}\n# more\n".encode() if body is None else orjson.dumps(body)
        headers = {**BEARER, "If-Match": match}
        answer = await house.client.request(method, f"/v0/management/{route}", content=content, headers=headers)
        return int(answer.status_code)

    assert await write('"another"') == 412
    assert house.path.read_text() == text
    assert await write(version) == 200
    await house.host.config.change(lambda old: f"{old}\n# an edit\n")
    assert await write(version) == 412


# -- 24


def started(folder: Path, *arguments: str, program: list[str] | None = None, **environment: str) -> Any:
    """Start the server in a folder; return its process and its URL."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("JACKFIELD", "PYTHON"))}
    command = [*(program or [str(BIN / "jackfield")]), "serve", "--port", "0", *arguments]
    log = folder / "server.log"
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=folder, env=clean | environment, stdout=output, stderr=output)
    end = time.monotonic() + WITHIN
    while " listens on http://" not in log.read_text():
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < end
        time.sleep(0.05)
    return process, log.read_text().partition(" listens on ")[2].split()[0].rstrip(",")


@pytest.mark.parametrize(
    ("path", "mark"),
    [("/v1/responses", "response.failed"), ("/v1/chat/completions", '"error"'), ("/v1/messages", "event: error")],
)
def test_24_told_to_stop_it_takes_nothing_new_and_ends_what_is_open(tmp_path: Path, path: str, mark: str) -> None:
    message = [{"role": "user", "content": "Hi"}]
    said = {"input": "Hi"} if path == "/v1/responses" else {"messages": message, "max_tokens": 9}
    body = {"model": "gpt-5", "stream": True, **said}
    with FakeUpstream.in_thread() as upstream:
        fox = {"name": "fox", "enabled": True, "base-url": upstream.base_url, "api-key": "sk-fox-0123456789"}
        config = {"limits": {"shutdown-grace": 1}, "tppc": {"providers": [fox]}}
        (tmp_path / "config.yaml").write_text(yaml.safe_dump(config))
        upstream.default = text_answer("Hello you there").after(6, Pause())
        process, url = started(tmp_path)
        try:
            with httpx.stream("POST", f"{url}{path}", json=body, trust_env=False, timeout=WITHIN) as answer:
                pieces = answer.iter_text()
                first = next(pieces)
                process.send_signal(signal.SIGTERM)
                wait_until(lambda: is_refused(url))
                told = first + "".join(pieces)
            assert process.wait(WITHIN) == 0
        finally:
            process.kill()
            process.wait()

    assert mark in told
    assert "the proxy is stopping" in told
    assert "Traceback" not in (tmp_path / "server.log").read_text()


def wait_until(done: Any) -> None:
    end = time.monotonic() + WITHIN
    while not done():
        assert time.monotonic() < end
        time.sleep(0.02)


def is_refused(url: str) -> bool:
    try:
        socket.create_connection((httpx.URL(url).host, httpx.URL(url).port or 0), 5).close()
    except ConnectionRefusedError:
        return True
    return False


# -- 25


@pytest.mark.parametrize("page", ["docs/writing-a-plugin.md", "SECURITY.md"])
def test_25_the_docs_say_that_plugins_are_trusted_code(page: str) -> None:
    assert "trusted code" in (ROOT / page).read_text()


async def test_25_nothing_is_installed_over_http(proxy: Any) -> None:
    house = await proxy(remote_management={"secret-key": MANAGEMENT})
    described = (await house.client.get("/v0/management/openapi.json", headers=BEARER)).json()["paths"]
    assert set(described["/v0/management/plugins"]) == {"get"}
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        for route in ("/plugins", "/plugins/evil", "/plugins/install"):
            answer = await house.client.request(
                method,
                f"/v0/management{route}",
                json={"name": "evil", "url": "http://127.0.0.1:9/x.whl"},
                headers=BEARER,
            )
            assert answer.status_code in (404, 405)


@pytest.fixture
def site(tmp_path: Path) -> Path:
    folder = tmp_path / "site"
    folder.mkdir()
    return folder


def install(site: Path, distribution: str, entry: str, code: str) -> None:
    module = distribution.replace("-", "_")
    (site / f"{module}.py").write_text(textwrap.dedent(code))
    info = site / f"{module}-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1\n")
    (info / "entry_points.txt").write_text(f"[jackfield]\n{entry} = {module}\n")


EVIL = "import pathlib; pathlib.Path(__file__).with_name('ran').touch()"


@pytest.fixture
def dropped(tmp_path: Path) -> Iterator[Path]:
    """A working folder full of what a careless program would import."""
    folder = tmp_path / "work"
    for place in (folder, folder / "plugins", folder / "plugins" / "tppc"):
        place.mkdir()
        for name in ("jackfield_tppc", "jackfield", "httpx", "yaml", "evil", "sitecustomize", "__init__", "plugin"):
            (place / f"{name}.py").write_text(EVIL)
    info = folder / "evil-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: evil\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[jackfield]\nevil = evil\n")
    (folder / "config.yaml").write_text("debug: true\n")
    return folder


@pytest.mark.parametrize("workers", ["1", "2"])
def test_25_what_lies_in_a_folder_is_no_plugin(dropped: Path, workers: str) -> None:
    process, url = started(dropped, "--config", "config.yaml", "--workers", workers)
    try:
        assert httpx.get(f"{url}/healthz", trust_env=False, timeout=WITHIN).status_code == 200
    finally:
        process.terminate()
        process.wait(WITHIN)
    assert list(dropped.rglob("ran")) == []


def test_25_two_that_claim_one_name_are_refused(command: Any, site: Path) -> None:
    install(site, "jf-one", "acme", EVIL)
    install(site, "jf-two", "acme", EVIL)
    install(site, "jf-fox", "tppc", EVIL)

    done = command("plugins", PYTHONPATH=str(site))
    told = done.stdout + done.stderr

    assert "jf-one" in told
    assert "jf-two" in told
    assert "jackfield-tppc" in told
    assert list(site.rglob("ran")) == [], "neither of them was imported"


HOOK = "from jackfield.api import hookimpl\n@hookimpl\ndef {}: {}\n"
FAIL = "raise RuntimeError('broken')"
KEYS = "return {'type': 'object', 'properties': {'host': {}}}"
BROKEN = {
    "at its import": FAIL,
    "by leaving": "import sys; sys.exit(3)",
    "in a hook at the start": HOOK.format("synthesize_auth()", FAIL),
    "in its schema": HOOK.format("config_schema()", "return {'type': 7}"),
    "by another's key": HOOK.format("config_schema()", KEYS),
}


@pytest.mark.parametrize("code", BROKEN.values(), ids=BROKEN)
def test_25_one_that_fails_is_fenced_off(tmp_path: Path, site: Path, code: str) -> None:
    install(site, "jf-bad", "bad", code)
    (tmp_path / "config.yaml").write_text("demo: {enabled: true}\n")
    process, url = started(tmp_path, PYTHONPATH=str(site))
    try:
        answer = httpx.post(
            f"{url}/v1/responses", json={"model": "demo", "input": "Hi"}, trust_env=False, timeout=WITHIN
        )
        ready = httpx.get(f"{url}/readyz", trust_env=False, timeout=WITHIN)
    finally:
        process.terminate()
        process.wait(WITHIN)

    assert answer.status_code == 200
    assert ready.status_code == 503
    assert "plugin bad" in ready.text
    assert "bad" in (tmp_path / "server.log").read_text()


async def test_25_one_that_fails_in_a_request_is_passed_over(proxy: Any, caplog: pytest.LogCaptureFixture) -> None:
    class Bad:
        @hookimpl
        def resolve_creds(self) -> None:
            raise RuntimeError("broken")

        @hookimpl
        def on_request_complete(self) -> None:
            raise RuntimeError("broken")

    house = await proxy(plugins={"bad": Bad()}, demo={"enabled": True})
    assert (await house.post(json={"model": "demo", "input": "Hi"})).status_code == 200
    assert "resolve_creds; passed over" in caplog.text
