"""`jackfield tps` against a running server."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result
from jackfield.api import Usage
from jackfield.testing import (
    FakeClock,
    FakeUpstream,
    RunningServer,
    closed_url,
    jackfield_server_in_thread,
    text_answer,
)
from jackfield_tps import command
from jackfield_tps.command import tps
from jackfield_tps.remote import Remote

KEY = "a-management-key-of-the-tests"


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("JACKFIELD_URL", "JACKFIELD_MANAGEMENT_KEY", "MANAGEMENT_PASSWORD", "JACKFIELD_CONFIG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def server(upstream: FakeUpstream, tmp_path: Path, fake_clock: FakeClock) -> Iterator[RunningServer]:
    """A proxy where fox answered once with 40.00 and owl twice with 10.00 tokens per second."""

    def provider(name: str) -> dict[str, Any]:
        return {"name": name, "enabled": True, "base-url": upstream.base_url, "api-key": f"sk-{name}-0123456789"}

    config = {
        "tppc": {"providers": [provider("fox"), provider("owl")]},
        "remote-management": {"secret-key": KEY},
    }
    with (
        jackfield_server_in_thread(config, path=tmp_path / "server.yaml", clock=fake_clock) as running,
        running.sync_client() as client,
    ):
        for model, output in (("fox/gpt-5", 40), ("owl/gpt-5", 10), ("owl/gpt-5", 10)):
            upstream.script(answering(fake_clock, output))
            assert client.post("/v1/responses", json={"model": model, "input": "Hi"}).status_code == 200
        yield running


def answering(clock: FakeClock, output: int) -> Callable[[Any], Any]:
    def answer(request: Any) -> Any:
        clock.advance(1)
        return text_answer("Hi", usage=Usage(0, output))

    return answer


def run(*arguments: str, **environment: str) -> Result:
    return CliRunner().invoke(tps, arguments, env=environment)


def columns(result: Result) -> list[list[str]]:
    assert result.exit_code == 0, result.output
    return [line.split()[:6] for line in result.output.splitlines()[1:] if line and "since" not in line]


def test_the_table_of_a_server_that_is_named(server: RunningServer) -> None:
    result = run("--url", server.base_url, "--key", KEY)

    assert columns(result) == [
        ["fox", "gpt-5", "1", "40.00", "40.00", "1.00"],
        ["owl", "gpt-5", "2", "10.00", "10.00", "1.00"],
    ]
    assert result.output.splitlines()[1].endswith("█")
    assert result.output.splitlines()[-1] == "3 requests since 2026-01-01T00:00:00.000Z"


def test_url_and_key_come_from_the_environment(server: RunningServer) -> None:
    for name in ("JACKFIELD_MANAGEMENT_KEY", "MANAGEMENT_PASSWORD"):
        assert len(columns(run(JACKFIELD_URL=server.base_url, **{name: KEY}))) == 2


@pytest.mark.parametrize("written", [KEY, "env:THE_KEY", "file:key.txt"])
def test_or_from_the_configuration(server: RunningServer, tmp_path: Path, written: str) -> None:
    (tmp_path / "key.txt").write_text(f"{KEY}\n")
    config = tmp_path / "config.yaml"
    config.write_text(yaml.safe_dump({"port": server.port, "remote-management": {"secret-key": written}}))

    assert len(columns(run("--config", str(config), THE_KEY=KEY))) == 2
    assert len(columns(run(THE_KEY=KEY))) == 2


def test_a_key_in_a_file_is_looked_for_beside_the_configuration(server: RunningServer, tmp_path: Path) -> None:
    """K9: where the server looks for it too, whatever the folder of the command."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    (folder / "key").write_bytes(b"\xef\xbb\xbf" + KEY.encode() + b"\r\n")
    config = folder / "config.yaml"
    config.write_text(yaml.safe_dump({"port": server.port, "remote-management": {"secret-key": "file:key"}}))

    assert len(columns(run("--config", str(config)))) == 2


@pytest.mark.parametrize(
    ("arguments", "providers"),
    [
        (("--provider", "owl"), ["owl"]),
        (("--provider", "owl", "--model", "gpt-5-high"), []),
        (("--window", "500ms"), ["owl"]),
        (("--window", "1h"), ["fox", "owl"]),
    ],
    ids=repr,
)
def test_filters(server: RunningServer, arguments: tuple[str, ...], providers: list[str]) -> None:
    assert [row[0] for row in columns(run("--url", server.base_url, "--key", KEY, *arguments))] == providers


def test_json_is_for_scripts(server: RunningServer) -> None:
    result = run("--url", server.base_url, "--key", KEY, "--json")
    told = json.loads(result.output)

    assert [(each["provider"], each["completion"]["median"]) for each in told["groups"]] == [("fox", 40), ("owl", 10)]
    assert told["groups"][0]["last-hour"][-1] == 40
    assert len(told["groups"][0]["last-hour"]) == 30


def test_watching_repeats_until_it_is_interrupted(server: RunningServer, monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []

    def sleep(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 3:
            raise KeyboardInterrupt

    monkeypatch.setattr(command.time, "sleep", sleep)
    result = run("--url", server.base_url, "--key", KEY, "--watch", "--interval", "7", "--json")

    assert result.exit_code == 0
    assert pauses == [7, 7, 7]
    assert [json.loads(line)["requests"] for line in result.output.splitlines()] == [3, 3, 3]


def test_watching_shows_the_table_and_outlives_a_restart(
    server: RunningServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses = 0

    def sleep(seconds: float) -> None:
        """Take the server away after the first look, and bring it back after the second."""
        nonlocal pauses
        pauses += 1
        monkeypatch.setattr(Remote, "_get", refused if pauses == 1 else reached)
        if pauses == 3:
            raise KeyboardInterrupt

    def refused(remote: Remote, target: str) -> tuple[int, bytes]:
        raise ConnectionRefusedError("refused")

    reached = Remote._get
    monkeypatch.setattr(command.time, "sleep", sleep)
    result = run("--url", server.base_url, "--key", KEY, "--watch")

    assert result.exit_code == 0, result.output
    told = [line.split()[0] for line in result.output.splitlines() if line]
    assert told == ["PROVIDER", "fox", "owl", "3", server.base_url, "PROVIDER", "fox", "owl", "3"]
    assert "does not answer (refused)" in result.output


def test_watching_what_was_never_there_ends() -> None:
    result = run("--url", closed_url(), "--key", "x", "--watch")

    assert (result.exit_code, "does not answer" in result.output) == (1, True)


FAILURES = [
    (("--key", "wrong"), "says 401 (invalid management key); give the management key with --key"),
    ((), "says 401 (missing management key"),
    (("--window", "soon"), "it is a duration such as 30s, 5m or 1h30m"),
    (("--interval", "0"), "0.1<=x<=3600"),
]


@pytest.mark.parametrize(("arguments", "message"), FAILURES, ids=repr)
def test_what_went_wrong_is_told(server: RunningServer, arguments: tuple[str, ...], message: str) -> None:
    result = run("--url", server.base_url, *arguments)

    assert result.exit_code in (1, 2)
    assert message in result.output


def test_a_server_without_management_is_told() -> None:
    with jackfield_server_in_thread({}) as server:
        result = run("--url", server.base_url, "--key", KEY)

    assert result.exit_code == 1
    assert "says 404" in result.output
    assert "remote-management.secret-key" in result.output


@pytest.mark.parametrize(
    ("url", "message"),
    [("ftp://x", "no URL of a server"), ("http://", "no URL of a server"), ("http://127.0.0.1:nonsense", "no URL")],
)
def test_a_url_that_is_none_is_told(url: str, message: str) -> None:
    result = run("--url", url, "--key", "x")

    assert (result.exit_code, message in result.output) == (1, True), result.output


def test_a_server_that_is_not_there_is_told() -> None:
    result = run("--url", closed_url(), "--key", "x")

    assert result.exit_code == 1
    assert "does not answer" in result.output


def test_a_configuration_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text("a: [")

    result = run()

    assert result.exit_code == 1
    assert "name the server with --url and --key" in result.output


def test_the_key_goes_nowhere_else() -> None:
    with FakeUpstream.in_thread() as elsewhere, FakeUpstream.in_thread() as server:
        result = run("--url", server.base_url, "--key", "sk-secret-0123456789")

    assert result.exit_code == 1
    assert elsewhere.requests == []
    assert "sk-secret" not in result.output


def test_a_hash_in_the_configuration_is_told(tmp_path: Path) -> None:
    hashed = "$2b$04$h5RhFIYaHuV37AIkk8qKj.4wJ5L.VzH9ARlDp8m/MOY.3nMJx7LAO"
    (tmp_path / "config.yaml").write_text(yaml.safe_dump({"remote-management": {"secret-key": hashed}}))

    result = run()

    assert result.exit_code == 1
    assert "config.yaml has the management key as a hash, which opens nothing" in result.output
    assert "with --key or in JACKFIELD_MANAGEMENT_KEY" in result.output


HASHED = {"remote-management": {"secret-key": "$2b$04$h5RhFIYaHuV37AIkk8qKj.4wJ5L.VzH9ARlDp8m/MOY.3nMJx7LAO"}}


@pytest.mark.parametrize("config", [HASHED, {"remote-management": {"secret-key": "plain-until-the-start"}}, {}])
def test_k9_a_command_of_the_same_user_needs_no_key(tmp_path: Path, config: dict[str, Any]) -> None:
    with jackfield_server_in_thread(config, path=tmp_path / "config.yaml") as it:
        result = run("--url", it.base_url)

    assert result.exit_code == 0, result.output


def test_k9_whoever_cannot_read_the_token_has_to_give_the_key(tmp_path: Path) -> None:
    with jackfield_server_in_thread(HASHED, path=tmp_path / "config.yaml") as it:
        os.chmod(tmp_path / ".config.yaml.token", 0o644)  # noqa: PTH101 - as if it were another user's
        result = run("--url", it.base_url)

    assert result.exit_code == 1
    assert "config.yaml has the management key as a hash, which opens nothing" in result.output


def test_k9_a_token_is_not_sent_to_a_server_of_another_configuration(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    with (
        jackfield_server_in_thread(HASHED, path=tmp_path / "config.yaml"),
        jackfield_server_in_thread(HASHED, path=tmp_path / "other" / "config.yaml") as other,
    ):
        wrong = run("--url", other.base_url)
        right = run("--url", other.base_url, "--config", str(tmp_path / "other" / "config.yaml"))

    assert (wrong.exit_code, right.exit_code) == (1, 0), right.output
    assert "missing management key" in wrong.output


def test_k9_the_token_that_a_killed_server_left_goes_to_nobody(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text(yaml.safe_dump({}))
    token = tmp_path / ".config.yaml.token"
    token.write_text("left-by-a-killed-server")
    token.chmod(0o600)
    with FakeUpstream.in_thread() as somebody:
        result = run("--url", somebody.base_url)

    assert result.exit_code == 1
    assert all("x-jackfield-token" not in request.headers for request in somebody.requests)
