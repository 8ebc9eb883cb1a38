"""`jackfield config import-codex` makes tppc providers of the Codex CLI's (L7)."""

import pytest
import yaml
from jackfield.testing import run_command

TOML = """
model_provider = "relay"
model = "gpt-6.1-sol"
model_reasoning_effort = "xhigh"

[model_providers.relay]
name = "My Relay"
base_url = "https://relay.example.com/v1"
env_key = "RELAY_KEY"
query_params = { api-version = "2025" }
http_headers = { X-Plan = "pro" }
env_http_headers = { X-Team = "RELAY_TEAM" }

[model_providers."Second Relay"]
base_url = "https://second.example.com/v1"
experimental_bearer_token = "sk-token-1234567890"

[model_providers.locked]
base_url = "https://locked.example.com/v1"
requires_openai_auth = true

[model_providers.old]
base_url = "https://old.example.com/v1"
wire_api = "chat"

[model_providers.nowhere]
name = "Nowhere"
"""


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("CODEX_HOME", str(tmp_path / "codex"))
    monkeypatch.setenv("RELAY_KEY", "sk-environ-1234567890")
    monkeypatch.setenv("RELAY_TEAM", "blue")
    (tmp_path / "codex").mkdir()
    (tmp_path / "codex" / "config.toml").write_text(TOML)
    (tmp_path / "codex" / "auth.json").write_text('{"OPENAI_API_KEY": null, "tokens": {"access_token": "eyJ-canary"}}')
    return tmp_path


def imported(home, *arguments, text="# mine\nport: 8317\n"):
    file = home / "config.yaml"
    file.write_text(text)
    found = run_command("config", "import-codex", "--config", str(file), "--yes", *arguments)
    return found, file.read_text()


def test_every_provider_that_can_be_called_becomes_an_entry(home):
    """L7: keys in variables stay there, a login's tokens are never taken, what is left out is said."""
    found, text = imported(home)
    assert found.returncode == 0, found.stderr
    assert text.startswith("# mine\n")
    for line in (
        "name: relay", "base-url: https://relay.example.com/v1", "api-key: env:RELAY_KEY", "X-Team: env:RELAY_TEAM",
        "X-Plan: pro", "model: gpt-6.1-sol", "model-reasoning-effort: xhigh",
        "name: second-relay", "api-key: sk-token-1234567890",
        "name: locked", "enabled: false",
    ):  # fmt: skip
        assert line in text, line
    assert "old.example" not in text
    assert "nowhere" not in text
    assert "canary" not in text + found.stdout + found.stderr
    assert "wire_api is chat" in found.stderr
    assert "key from RELAY_KEY (environment)" in found.stderr
    assert "sk-token-1234567890" not in found.stdout
    assert run_command("config", "check", "--config", str(home / "config.yaml")).returncode == 0


def test_providers_can_be_named(home):
    _, text = imported(home, "relay")
    assert ("name: relay" in text, "second-relay" in text) == (True, False)


def test_a_provider_that_is_there_already_is_not_doubled(home):
    _, text = imported(home, "relay")
    found, again = imported(home, "relay", text=text)
    assert (again, "already" in found.stderr) == (text, True)


def test_without_a_codex_cli_nothing_is_written(home):
    (home / "codex" / "config.toml").unlink()
    found, text = imported(home)
    assert found.returncode != 0
    assert "config.toml" in found.stderr
    assert text == "# mine\nport: 8317\n"


TOKEN = 'experimental_bearer_token = "sk-token-1234567890"\n'


def entries(home, toml, text="# mine\nport: 8317\n", *arguments):
    """Import a config.toml; return the command, and the entries by name."""
    (home / "codex" / "config.toml").write_bytes(toml.encode())
    found, written = imported(home, *arguments, text=text)
    providers = (yaml.safe_load(written).get("tppc") or {}).get("providers") or []
    return found, {entry["name"]: entry for entry in providers}


WRONG = {
    "a query in the URL": 'base_url = "https://wrong.example/v1?v=1"\n',
    "the whole path": 'base_url = "https://wrong.example/v1/responses"\n',
    "no scheme": 'base_url = "wrong.example/v1"\n',
    "no URL": 'name = "Wrong"\n',
    "the chat API": 'base_url = "https://wrong.example/v1"\nwire_api = "chat"\n',
}


@pytest.mark.parametrize("wrong", WRONG)
def test_one_that_cannot_be_called_does_not_keep_the_others_out(home, wrong):
    """L7: it is named, and left out."""
    good = f'[model_providers.good]\nbase_url = "https://good.example/v1"\n{TOKEN}'
    found, made = entries(home, f"[model_providers.wrong]\n{WRONG[wrong]}{TOKEN}{good}")
    assert (found.returncode, list(made)) == (0, ["good"]), found.stderr
    assert "wrong: " in found.stderr


def test_names_that_clash_are_told_apart_and_stay_the_same(home):
    """L7: with each other, and with those of other plugins."""
    names = ('"A B"', "a-b", "codex", "demo")
    toml = "".join(
        f'[model_providers.{name}]\nbase_url = "https://{place}.example/v1"\n{TOKEN}'
        for place, name in enumerate(names)
    )
    found, made = entries(home, toml)
    assert found.returncode == 0, found.stderr
    assert list(made) == ["a-b", "a-b-2", "codex-2", "demo-2"]
    assert len({entry["base-url"] for entry in made.values()}) == 4
    again, same = entries(home, toml, (home / "config.yaml").read_text())
    assert (list(same), again.returncode) == (list(made), 0)


def test_headers_that_codex_leaves_out_are_left_out(home):
    """L7: names and values that no header can have, beside a mark of order and ends of lines of another system."""
    toml = (
        '\ufeffmodel_providers.x.base_url = "https://x.example/v1"\n'
        f"model_providers.x.{TOKEN}[model_providers.x.http_headers]\n"
        '"Bad Name" = "1"\nX-Ok = "2"\nX-Line = "a\\nb"\nContent-Length = "9"\nX-Number = 5\n'
    ).replace("\n", "\r\n")
    found, made = entries(home, toml)
    assert found.returncode == 0, found.stderr
    assert made["x"]["headers"] == {"X-Ok": "2"}


def test_a_key_that_a_command_brings_is_said(home):
    """L7: no command of another program's file is run."""
    toml = '[model_providers.x]\nbase_url = "https://x.example/v1"\n[model_providers.x.auth]\ncommand = "canary"\n'
    found, made = entries(home, toml)
    assert (made["x"]["enabled"], "api-key" in made["x"]) == (False, False)
    assert "a command" in found.stderr


def test_a_file_that_is_no_toml_is_told_with_its_place(home):
    """L7: what was found is said."""
    found, _ = entries(home, "a = 1\n[model_providers\n")
    assert found.returncode != 0
    assert "line 2" in found.stderr
