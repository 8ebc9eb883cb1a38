from __future__ import annotations

import os
import signal
import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from jackfield.testing import CommandEnd

Run = Callable[..., CommandEnd]
Serve = Callable[..., Any]

SLOW = """
    import asyncio, os
    from jackfield.api import Credential, Event, Model, Secret, hookimpl

    class Stream:
        headers = {}

        async def __aiter__(self):
            response = {"id": "r", "object": "response", "model": "slow", "output": [], "status": "in_progress"}
            yield [Event.of({"type": "response.created", "response": response})]
            yield [Event.of({"type": "response.output_text.delta", "delta": f"pid {os.getpid()} ", "output_index": 0,
                             "content_index": 0, "item_id": "m"})]
            while not os.path.exists("release"):
                await asyncio.sleep(0.02)
            yield [Event.of({"type": "response.completed", "response": response | {"status": "completed"}})]

        async def aclose(self): ...

    class Executor:
        async def open(self, call, endpoint):
            return Stream()

    @hookimpl
    def register_executors(registrar):
        registrar.add("slow", lambda host: Executor())

    @hookimpl
    def register_models(registrar):
        registrar.add("slow", [Model("slow")])

    @hookimpl
    def synthesize_auth():
        return [Credential("slow:1", "slow", "slow", {"api_key": Secret("k"), "base_url": "http://slow.invalid"})]
"""


@pytest.fixture
def slow(add_plugin: Callable[..., None], folder: Path) -> None:
    """A provider whose answers end when the file `release` is there."""
    add_plugin("slow", SLOW)
    (folder / "config.yaml").write_text("plugins: {allow: [slow]}\n")


@contextmanager
def open_stream(server: Any) -> Iterator[Iterator[str]]:
    """Yield the lines of an answer that has begun."""
    body = {"model": "slow", "input": "hi", "stream": True}
    with server.client() as client, client.stream("POST", "/v1/responses", json=body) as response:
        assert response.status_code == 200
        lines = response.iter_lines()
        next(line for line in lines if "delta" in line)
        yield lines


def ended(server: Any, lines: Iterator[str], folder: Path) -> bool:
    (folder / "release").touch()
    return any("response.completed" in line for line in lines)


def refuses(url: str) -> bool:
    """Return True when nobody listens there."""
    try:
        socket.create_connection((httpx.URL(url).host, httpx.URL(url).port or 0)).close()
    except ConnectionRefusedError:
        return True
    return False


def test_it_serves_where_it_says_and_prints_nothing_to_stdout(serve: Serve) -> None:
    server = serve()

    with server.client() as client:
        reply = client.get("/healthz")

    assert reply.status_code == 200
    assert "server" not in reply.headers
    assert server.stop() == 0


@pytest.mark.parametrize("sent", [b"", b"GET /heal", b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n"])
def test_a_client_that_says_goodbye_at_any_time_leaves_nothing_open(serve: Serve, sent: bytes) -> None:
    url = httpx.URL(serve().url)

    for _ in range(30):
        with socket.create_connection((url.host, url.port or 0), timeout=20) as client:
            client.sendall(sent)
            client.shutdown(socket.SHUT_WR)
            while client.recv(4096):
                pass  # what it answers may or may not come; that it closes must not take the idle time-out


@pytest.mark.usefixtures("slow")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("workers", [1, 2])
def test_told_to_stop_it_lets_open_streams_end(
    serve: Serve, folder: Path, number: signal.Signals, workers: int
) -> None:
    server = serve("--workers", workers)

    with open_stream(server) as lines:
        server.process.send_signal(number)
        while not refuses(server.url):
            signal.sigtimedwait([], 0.02)
        assert ended(server, lines, folder)

    assert server.process.wait(30) == 0
    assert "Traceback" not in server.log


@pytest.mark.usefixtures("slow")
def test_past_the_time_of_grace_streams_end_with_an_error(serve: Serve, folder: Path) -> None:
    (folder / "config.yaml").write_text("plugins: {allow: [slow]}\nlimits: {shutdown-grace: 0.1}\n")
    server = serve()

    with open_stream(server) as lines:
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(30) == 0
        told = "\n".join(lines)
        assert "response.failed" in told
        assert "the proxy is stopping" in told
        assert "response.completed" not in told

    assert "Traceback" not in server.log


@pytest.mark.usefixtures("slow")
def test_a_second_signal_ends_it_at_once(serve: Serve) -> None:
    server = serve()

    with open_stream(server):
        server.process.send_signal(signal.SIGTERM)
        while not refuses(server.url):
            signal.sigtimedwait([], 0.02)
        assert server.stop() == -signal.SIGTERM


def test_the_command_line_wins_over_the_file(serve: Serve, folder: Path) -> None:
    (folder / "other.yaml").write_text("host: '::1'\nport: 1\n")

    server = serve("--config", "other.yaml", "--host", "127.0.0.1")

    assert server.url.startswith("http://127.0.0.1:")


def test_wrong_configuration_is_told_before_anything_listens(run: Run, folder: Path) -> None:
    (folder / "config.yaml").write_text("port: x\nprot: 1\n")

    done = run("serve")

    assert (done.returncode, done.stdout) == (1, "")
    assert [line.split(" ")[0] for line in done.stderr.splitlines()] == ["config.yaml:1:", "config.yaml:2:"]


def test_a_host_that_others_reach_needs_a_key_also_on_the_command_line(run: Run) -> None:
    done = run("serve", "--host", "0.0.0.0")

    assert done.returncode == 1
    assert "api-keys" in done.stderr


@pytest.mark.parametrize("workers", [1, 2])
def test_an_edit_cannot_open_a_server_that_others_reach(serve: Serve, folder: Path, workers: int) -> None:
    config = folder / "config.yaml"
    config.write_text("api-keys: [0123456789abcdef0123]\n")
    server = serve("--host", "0.0.0.0", "--workers", workers)

    config.write_text("host: 127.0.0.1\napi-keys: []\n")
    server.wait_for("0.0.0.0 can be reached from other machines")

    with httpx.Client(base_url=server.url.replace("0.0.0.0", "127.0.0.1"), trust_env=False) as client:
        assert client.post("/v1/responses", json={"model": "gpt-5", "input": "hi"}).status_code == 401


FLAGS = """
    from jackfield.api import hookimpl

    @hookimpl
    def serve_flags(config):
        return {"acme": f"acme registered 3 models on {config.host}"}
"""


def test_a_plugins_flag_tells_what_it_did(serve: Serve, add_plugin: Callable[..., None]) -> None:
    add_plugin("acme", FLAGS)

    assert "acme registered 3 models on 127.0.0.1" in serve("--acme").log
    assert "acme registered" not in serve().log


def test_a_flag_that_nobody_has_is_a_usage_error(run: Run, add_plugin: Callable[..., None]) -> None:
    add_plugin("acme", FLAGS)

    for flags, told in ((["--acem"], "--acme"), (["--worker", "2"], "--workers"), (["--acme", "zebra"], "zebra")):
        done = run("serve", *flags)
        assert (done.returncode, done.stdout) == (2, "")
        assert told in done.stderr


def test_a_taken_port_is_told_with_the_way_out(run: Run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = run("serve", "--port", taken.getsockname()[1])

    assert (done.returncode, done.stdout) == (1, "")
    assert "--port" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_host_that_does_not_exist_is_told(run: Run, folder: Path) -> None:
    (folder / "config.yaml").write_text("api-keys: [0123456789abcdef0123]\n")

    done = run("serve", "--host", "no-such-host.invalid")

    assert done.returncode == 1
    assert "cannot listen on no-such-host.invalid" in done.stderr


def test_a_section_without_its_plugin_leaves_a_working_server_that_says_so(serve: Serve, folder: Path) -> None:
    (folder / "config.yaml").write_text("zebra: {key: value}\n")

    server = serve()

    with server.client() as client:
        assert client.get("/healthz").status_code == 200
    server.wait_for("pip install jackfield-zebra")


@pytest.mark.usefixtures("slow")
def test_a_worker_that_dies_is_replaced(serve: Serve) -> None:
    server = serve("--workers", 2)
    first = {worker_of(server)}

    for pid in first:
        os.kill(pid, signal.SIGKILL)
    server.wait_for(rf"process {min(first)}\) ended")

    assert worker_of(server) not in first
    assert server.process.poll() is None


def worker_of(server: Any) -> int:
    """Return the process that answers."""
    body = {"model": "slow", "input": "hi", "stream": True}
    with server.client() as client, client.stream("POST", "/v1/responses", json=body) as response:
        line = next(line for line in response.iter_lines() if "pid " in line)
        return int(line.split("pid ")[1].split(" ")[0])


def test_workers_that_die_at_once_are_not_started_for_ever(
    command: Callable[..., dict[str, Any]], add_plugin: Callable[..., None]
) -> None:
    add_plugin("lethal", "import sys, os\nif '--fd' in str(sys.argv): os._exit(7)")

    done = subprocess.run(**command("serve", "--port", 0, "--workers", 2), capture_output=True, timeout=60, check=False)

    assert done.returncode == 1
    assert done.stderr.count("ended with status 7") == 6
    assert done.stderr.count("not started again") == 2
    assert "listens on" not in done.stderr


@pytest.mark.usefixtures("slow")
def test_workers_do_not_outlive_their_parent(serve: Serve) -> None:
    server = serve("--workers", 2)
    worker = worker_of(server)

    server.process.kill()
    server.process.wait()

    while alive(worker) or not refuses(server.url):
        signal.sigtimedwait([], 0.02)


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{pid}/stat")
    return not state.exists() or state.read_text().rpartition(") ")[2][0] != "Z"
