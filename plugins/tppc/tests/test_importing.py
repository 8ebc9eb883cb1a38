"""`jackfield config import-codex` makes tppc providers of the Codex CLI's (L7)."""

import pytest
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
