"""`jackfield setup`: the lines for a client, filled in for the configuration and the running server."""

from __future__ import annotations

import json
import os
import shlex
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from jackfield.testing import CommandEnd, RunningServer, closed_url, jackfield_server_in_thread, run_command
from jackfield_setup.clients import CLIENTS

KEY = "client-key-0123456789abcdef"
FILES = {
    "codex": ".codex/config.toml",
    "claude": ".claude/settings.json",
    "opencode": ".config/opencode/opencode.json",
    "kilo": ".config/kilo/kilo.json",
    "pi": ".pi/agent/models.json",
    "continue": ".continue/config.yaml",
    "llm": ".config/io.datasette.llm/extra-openai-models.yaml",
}

Setup = Callable[..., CommandEnd]


@pytest.fixture(scope="module")
def server() -> Iterator[RunningServer]:
    with jackfield_server_in_thread({"api-keys": [KEY], "demo": {"enabled": True}}) as server:
        yield server


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def setup(server: RunningServer, tmp_path: Path, home: Path) -> Setup:
    """Return what runs the command beside a configuration file, with a home of its own."""
    (tmp_path / "config.yaml").write_text(f"port: {server.port}\napi-keys: [{KEY}]\n")

    def run(*arguments: str, given: str = "", **environment: str) -> CommandEnd:
        names = ("JACKFIELD_CONFIG", "JACKFIELD_URL", "JACKFIELD_KEY")
        env = {name: value for name, value in os.environ.items() if name not in names}
        return run_command(
            "setup", *arguments, cwd=tmp_path, env={**env, "HOME": str(home), **environment}, given=given
        )

    return run


def read(home: Path, client: str) -> Any:
    text = (home / FILES[client]).read_text()
    if client == "codex":
        return tomllib.loads(text)
    return yaml.safe_load(text) if FILES[client].endswith("yaml") else json.loads(text)


@pytest.mark.parametrize("client", CLIENTS)
def test_the_lines_of_each_client_have_the_address_the_key_and_a_model(
    setup: Setup, server: RunningServer, client: str
) -> None:
    done = setup(client)

    assert (done.returncode, done.stderr) == (0, "")
    assert server.base_url in done.stdout
    assert KEY in done.stdout
    assert "gpt-5" in done.stdout


@pytest.mark.parametrize("client", FILES)
def test_written_lines_are_what_the_client_reads(setup: Setup, home: Path, client: str) -> None:
    done = setup(client, "--write", "--yes")

    assert done.returncode == 0, done.stderr
    assert read(home, client)
    assert (home / FILES[client]).stat().st_mode & 0o777 == 0o600
    again = setup(client, "--write", "--yes")
    assert "has these lines already" in again.stdout


def test_what_stands_in_a_toml_file_stays_with_its_comments(setup: Setup, home: Path) -> None:
    file = home / FILES["codex"]
    file.parent.mkdir(parents=True)
    old = (
        '# mine\nmodel = "gpt-4" # old\napproval_policy = "never"\n\n[model_providers.other]\nname = "other" # theirs\n'
    )
    file.write_text(old)

    assert setup("codex", "--write", "--yes").returncode == 0

    text = file.read_text()
    assert "# mine" in text
    assert "# theirs" in text
    found = read(home, "codex")
    assert found["approval_policy"] == "never"
    assert found["model_provider"] == "jackfield"
    assert found["model"] == "gpt-5"
    assert set(found["model_providers"]) == {"other", "jackfield"}
    assert file.with_name("config.toml.before-jackfield").read_text() == old


def test_what_stands_in_a_json_file_stays(setup: Setup, home: Path) -> None:
    file = home / FILES["claude"]
    file.parent.mkdir(parents=True)
    file.write_text('{"theme": "dark", "env": {"EDITOR": "vi"}}')

    assert setup("claude", "--write", "--yes", "--context", "200000").returncode == 0

    found = read(home, "claude")
    assert found["theme"] == "dark"
    assert found["env"]["EDITOR"] == "vi"
    assert found["env"]["ANTHROPIC_AUTH_TOKEN"] == KEY
    assert found["env"]["CLAUDE_CODE_MAX_CONTEXT_TOKENS"] == "200000"


def test_an_entry_of_a_list_is_replaced_by_its_name_and_its_neighbours_stay(setup: Setup, home: Path) -> None:
    file = home / FILES["continue"]
    file.parent.mkdir(parents=True)
    file.write_text("name: mine # ours\nmodels:\n  - name: other\n    provider: x\n")

    for _ in range(2):
        assert setup("continue", "--write", "--yes").returncode == 0

    found = read(home, "continue")
    assert found["name"] == "mine"
    assert [model["name"] for model in found["models"]] == ["other", "jackfield gpt-5"]


def test_json_with_comments_is_left_alone(setup: Setup, home: Path) -> None:
    file = home / FILES["opencode"]
    file.parent.mkdir(parents=True)
    file.write_text("{ // mine\n}")

    done = setup("opencode", "--write", "--yes")

    assert done.returncode == 1
    assert "without loss" in done.stderr
    assert file.read_text() == "{ // mine\n}"


def test_nothing_is_written_unless_agreed(setup: Setup, home: Path) -> None:
    done = setup("claude", "--write", given="n\n")

    assert done.returncode == 1
    assert "+" in done.stdout
    assert not (home / FILES["claude"]).exists()


def test_a_client_without_a_file_cannot_be_written(setup: Setup) -> None:
    done = setup("aider", "--write")

    assert done.returncode == 1
    assert "reads no file" in done.stderr


def test_without_a_server_the_lines_are_told_to_be_a_guess(setup: Setup) -> None:
    done = setup("codex", "--url", closed_url().rsplit("/", 1)[0])

    assert done.returncode == 0
    assert "--model names another" in done.stderr


def test_a_key_in_an_unset_variable_is_told(setup: Setup, tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text("api-keys: [env:NO_SUCH_KEY]\n")

    assert "NO_SUCH_KEY" in setup("codex").stderr
    assert KEY in setup("codex", NO_SUCH_KEY=KEY).stdout


@pytest.mark.parametrize("written", ["file:keys/client", "file: keys/client"])
def test_a_key_in_a_file_is_looked_for_beside_the_configuration(setup: Setup, tmp_path: Path, written: str) -> None:
    """K9: where the server looks for it too, whatever the folder of the command."""
    folder = tmp_path / "elsewhere"
    (folder / "keys").mkdir(parents=True)
    (folder / "keys" / "client").write_bytes(b"\xef\xbb\xbf" + KEY.encode() + b"\r\n")
    (folder / "config.yaml").write_text(f"api-keys: ['{written}']\n")

    assert KEY in setup("claude", "--config", str(folder / "config.yaml")).stdout


def test_a_key_in_a_file_that_is_not_there_is_told(setup: Setup, tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text("api-keys: ['file:gone']\n")
    done = setup("claude")

    assert "cannot be read" in done.stderr
    assert "--key" in done.stderr


def test_a_proxy_without_keys_needs_none(setup: Setup, tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text("port: 1\n")

    assert "env_key" not in setup("codex").stdout


@pytest.mark.parametrize("client", FILES)
def test_written_twice_nothing_changes_and_the_first_copy_stays(setup: Setup, home: Path, client: str) -> None:
    file = home / FILES[client]
    file.parent.mkdir(parents=True)
    file.write_bytes(OLD[client])
    copy = file.with_name(file.name + ".before-jackfield")

    first = setup(client, "--write", "--yes")
    once = file.read_bytes()
    again = setup(client, "--write", "--yes")

    assert (first.returncode, again.returncode) == (0, 0), first.stderr + again.stderr
    assert (file.read_bytes(), copy.read_bytes()) == (once, OLD[client])
    assert once != OLD[client]
    assert "has these lines already" in again.stdout

    changed = setup(client, "--write", "--yes", "--model", "gpt-6.1-sol")
    assert changed.returncode == 0
    assert copy.read_bytes() == OLD[client]
    assert copy.with_name(copy.name + ".2").read_bytes() == once


OLD = {
    "codex": b'model_providers.jackfield.name = "old"\n',
    "claude": b'\xef\xbb\xbf{\r\n\t"env": {"A": "1"}\r\n}\r\n',
    "opencode": b'{"provider": {"other": {}}}',
    "kilo": b"{}",
    "pi": b'{"providers": {"jackfield": {"baseUrl": "old"}}}',
    "continue": b"# mine\r\nname: mine\r\nmodels:\r\n",
    "llm": b"- model_id: other\n",
}


@pytest.mark.parametrize(
    ("client", "text"),
    [
        ("codex", b'\xef\xbb\xbf# mine\r\nmodel = "x"\r\n[profiles.a]\r\nmodel = "y"\r\n'),
        ("claude", b'\xef\xbb\xbf{\r\n  "a": 1\r\n}\r\n'),
        ("continue", b"\xef\xbb\xbf# mine\r\nname: mine\r\n"),
    ],
)
def test_a_files_mark_and_line_ends_stay(setup: Setup, home: Path, client: str, text: bytes) -> None:
    file = home / FILES[client]
    file.parent.mkdir(parents=True)
    file.write_bytes(text)
    done = setup(client, "--write", "--yes")
    written = file.read_bytes()
    assert done.returncode == 0, done.stderr
    assert written.startswith(b"\xef\xbb\xbf")
    assert written.count(b"\n") == written.count(b"\r\n") > 4


FOLDERS = {"codex": "CODEX_HOME", "claude": "CLAUDE_CONFIG_DIR", "opencode": "XDG_CONFIG_HOME"}


@pytest.mark.parametrize("client", FOLDERS)
def test_a_client_whose_folder_is_elsewhere_is_written_there(setup: Setup, tmp_path: Path, client: str) -> None:
    folder = tmp_path / "elsewhere"
    shown = setup(client, **{FOLDERS[client]: str(folder)})
    done = setup(client, "--write", "--yes", **{FOLDERS[client]: str(folder)})
    assert done.returncode == 0, done.stderr
    [file] = [path for path in folder.rglob("*") if path.is_file()]
    assert f"# in {file}" in shown.stdout


URLS = {
    "host.example:99": "http://host.example:99",
    "http://host.example/": "http://host.example",
    "https://host.example/jf/v1/": "https://host.example/jf",
    "http://[::1]:99/v1": "http://[::1]:99",
}


@pytest.mark.parametrize("url", URLS)
def test_a_url_may_be_written_as_people_write_it(setup: Setup, url: str) -> None:
    assert f'base_url = "{URLS[url]}/v1"' in setup("codex", "--url", url).stdout


@pytest.mark.parametrize("url", ["http://[::1", "http://host:99999", "ftp://host", "http://a b", "http://"])
def test_a_url_that_is_none_is_told(setup: Setup, url: str) -> None:
    done = setup("codex", "--url", url)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("Error: ")
    assert "http" in done.stderr


@pytest.mark.parametrize("line", ["host: [1]", "host: unix:/x", "port: abc", "port: 99999"])
def test_an_address_that_cannot_be_called_is_told(setup: Setup, tmp_path: Path, line: str) -> None:
    (tmp_path / "config.yaml").write_text(f"{line}\n")
    done = setup("codex")
    assert done.returncode == 1
    assert done.stderr.startswith("Error: ")
    assert "--url" in done.stderr


def test_what_a_shell_would_read_is_quoted(setup: Setup, tmp_path: Path) -> None:
    key = "it's a key$(x)-0123456789"
    for client in ("cline", "llm", "opencode", "qwen", "aider", "pi"):
        lines = setup(client, "--key", key, "--model", "gpt-5[1m]").stdout.splitlines()
        typed = lines[lines.index("# in the shell") + 1 :]
        assert not any(line.endswith("gpt-5[1m]") for line in typed), typed
        found = [shlex.split(line) for line in typed]
        words = [word for line in found for word in line]
        assert client == "llm" or "gpt-5[1m]" in " ".join(words)
        if client in ("cline", "llm"):
            assert key in words
