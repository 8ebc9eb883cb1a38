"""The READMEs do what they say: a newcomer's journey on a fresh copy, every block run as it is printed.

Blocks marked `sh` and `python` are run, with the port of the server under test in place of 8317; `yaml` becomes the
configuration. `console` blocks are only looked at: they name things that a test does not have.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jackfield.testing import FakeUpstream, text_answer

ROOT = Path(__file__).resolve().parent.parent
READMES = ("README.md", "README_CN.md")
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)#:]+)\)")
PORT = "8317"

pytestmark = pytest.mark.timeout(300)


def blocks(readme: str, language: str | None = None) -> list[str]:
    found = BLOCK.findall((ROOT / readme).read_text("utf-8"))
    return [text for marked, text in found if language in (None, marked)]


START, ASK, OTHER_DIALECTS, CLAUDE, COMMANDS = blocks("README.md", "sh")


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a newcomer has: the files of the repository and nothing else."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True, text=True).stdout
    clone = tmp_path_factory.mktemp("newcomer") / "jackfield"
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (clone / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, clone / name)
    return clone


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A shell's environment in which nothing of ours is installed: the system's tools and a Python."""
    tools = tmp_path_factory.mktemp("bin")
    (tools / "python3").symlink_to(Path(sys.base_prefix) / "bin" / "python3")
    kept = {name: value for name, value in os.environ.items() if name.startswith(("PIP_", "SSL_", "LANG", "HOME"))}
    return {**kept, "PATH": f"{tools}:/usr/local/bin:/usr/bin:/bin"}


@pytest.fixture(scope="module")
def demo(clone: Path, environment: dict[str, str], server_in: Any) -> Iterator[Any]:
    """The server as the first block starts it."""
    assert START == "scripts/run\n"
    with server_in(["bash", "-c", f"exec {START.strip()} --port 0"], clone, environment, patience=240) as server:
        yield server


def run(block: str, port: int, folder: Path, environment: dict[str, str]) -> str:
    """Run a block in a shell; return what it prints. It must not fail."""
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", block.replace(PORT, str(port))],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, f"{block}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def test_both_languages_print_the_same_commands() -> None:
    english, chinese = (BLOCK.findall((ROOT / name).read_text("utf-8")) for name in READMES)

    assert english == chinese
    assert {language for language, _ in english} == {"sh", "yaml", "python", "toml", "console"}


def test_both_languages_have_the_same_parts_and_links() -> None:
    english, chinese = ((ROOT / name).read_text("utf-8") for name in READMES)

    assert len(re.findall("^## ", english, re.M)) == len(re.findall("^## ", chinese, re.M))
    assert len(re.findall("^[|-]", english, re.M)) == len(re.findall("^[|-]", chinese, re.M))
    assert {*LINK.findall(english)} ^ {*LINK.findall(chinese.replace(".zh.md", ".md"))} == {*READMES}


@pytest.mark.parametrize("readme", READMES)
def test_every_plugin_is_in_the_table(readme: str) -> None:
    listed = re.findall(r"^\| \[(\w+)\]\(plugins/\1/README.md\) \|", (ROOT / readme).read_text("utf-8"), re.M)

    assert sorted(listed) == sorted(path.parent.name for path in ROOT.glob("plugins/*/pyproject.toml"))


def test_the_first_request_streams_from_the_demo(demo: Any, clone: Path, environment: dict[str, str]) -> None:
    answer = run(ASK, demo.port, clone, environment)

    assert "demo provider" in "".join(re.findall(r'"response.output_text.delta","delta":"([^"]*)"', answer))
    assert answer.rstrip().rpartition("\n\n")[2].startswith("event: response.completed")


def test_the_other_dialects_stream_too(demo: Any, clone: Path, environment: dict[str, str]) -> None:
    answer = run(OTHER_DIALECTS, demo.port, clone, environment)

    assert "data: [DONE]" in answer
    assert "event: message_stop" in answer
    assert '"error"' not in answer


def test_claude_codes_variables_lead_to_the_messages_route(demo: Any, clone: Path, environment: dict[str, str]) -> None:
    request = """curl -sS "$ANTHROPIC_BASE_URL/v1/messages?beta=true" -H "Authorization: Bearer $ANTHROPIC_AUTH_TOKEN" \
        -d '{"model": "claude-sonnet-4-5", "max_tokens": 99, "messages": [{"role": "user", "content": "Hi"}]}'"""

    assert '"type":"message"' in run(f"{CLAUDE}\n{request}", demo.port, clone, environment)


def test_the_commands_run(demo: Any, clone: Path, environment: dict[str, str]) -> None:
    printed = run(COMMANDS, demo.port, clone, environment)

    for expected in ("jackfield-demo", "gpt-5-codex", ": ok", "max-body-bytes"):
        assert expected in printed


def test_the_sdks_are_answered(demo: Any) -> None:
    for block in blocks("README.md", "python"):
        code = block.replace(PORT, str(demo.port))
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
        assert "demo provider" in done.stdout, done.stderr


def test_codex_is_pointed_at_the_responses_route(demo: Any) -> None:
    [block] = blocks("README.md", "toml")
    settings = tomllib.loads(block)
    provider = settings["model_providers"][settings["model_provider"]]

    assert provider["wire_api"] == "responses"
    assert provider["base_url"] == f"http://127.0.0.1:{PORT}/v1"
    assert demo.get(f"/v1/models/{settings['model']}").status_code == 200


def test_a_provider_takes_four_lines(demo: Any, clone: Path, environment: dict[str, str], server_in: Any) -> None:
    [block] = blocks("README.md", "yaml")
    provider = block.partition("- ")[2].splitlines()
    assert [line.split(":")[0].strip() for line in provider] == ["name", "enabled", "base-url", "api-key"]

    with FakeUpstream.in_thread() as upstream:
        upstream.default = text_answer("from the fox")
        (clone / "config.yaml").write_text(block.replace("https://fox.example.com/v1", upstream.base_url))
        fox = {**environment, "FOX_API_KEY": "sk-fox-123"}
        with server_in(["scripts/run", "--port", "0"], clone, fox) as server:
            assert "from the fox" in run(ASK, server.port, clone, environment)
            assert "from the fox" in run(ASK.replace('"gpt-5"', '"fox/gpt-5"'), server.port, clone, environment)
        assert upstream.last.key == "sk-fox-123"
        assert "installing" in demo.log
        assert "installing" not in server.log
