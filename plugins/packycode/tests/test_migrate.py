"""`jackfield config migrate`, with the file on disk."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jackfield.api import ConfigError, Document, EditError
from jackfield.testing import CommandEnd, run_command
from jackfield_packycode.comments import split
from jackfield_packycode.migrate import migrated

BEFORE = """\
# The team's proxy.
port: 8317 # as ever

# Our provider.
packycode: # the main one
  enabled: true
  base-url: "https://codex-api.packycode.com/v1" # not the slow one
  # asked support in May
  requires-openai-auth: true
  wire-api: responses # what else
  credentials:
    openai-api-key: 'sk-ada''s-#1-key-123456' # ada's

# Keys of clients.
api-keys:
  - 0123456789abcdef0123 # bob
"""

AFTER = """\
# The team's proxy.
port: 8317 # as ever

# Our provider.

# Keys of clients.
api-keys:
  - 0123456789abcdef0123 # bob
tppc:
  providers:
  # the main one
  # asked support in May
  # what else
  - name: packycode
    enabled: true
    base-url: https://codex-api.packycode.com/v1  # not the slow one
    api-key: sk-ada's-#1-key-123456  # ada's
"""

BESIDE = """\
tppc:
    providers:
        - name: fox # first
          enabled: false

        # a note about owl
        - name: owl

# what follows
packycode:
    enabled: false
debug: true
"""

Run = Callable[..., CommandEnd]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "config.yaml"
    file.write_text(BEFORE)
    file.chmod(0o640)
    return file


@pytest.fixture
def run(file: Path) -> Run:
    """Return what runs `jackfield config migrate` on the file."""

    def run(*arguments: str, answer: str = "", **environment: str) -> CommandEnd:
        env = {**os.environ, **environment}
        return run_command("config", "migrate", *arguments, cwd=file.parent, env=env, given=answer)

    return run


def test_the_block_becomes_an_entry_and_every_comment_stays() -> None:
    assert migrated(BEFORE) == AFTER
    for comment in (split(line)[1] for line in BEFORE.splitlines()):
        assert comment in AFTER


def test_it_joins_the_providers_that_are_there() -> None:
    expected = BESIDE.replace("packycode:\n    enabled: false\n", "").replace(
        "- name: owl\n", "- name: owl\n        - name: packycode\n          enabled: false\n"
    )

    assert migrated(BESIDE) == expected


def test_its_health_check_comes_along() -> None:
    check = "  health-check:\n    interval: 60\n"
    after = migrated(f"packycode:\n  enabled: false\n{check}")
    assert Document.parse(after).data["tppc"]["providers"] == [
        {"name": "packycode", "enabled": False, "health-check": {"interval": 60}}
    ]


def test_nothing_is_left_to_do_the_second_time() -> None:
    assert migrated(AFTER) == AFTER
    assert migrated("") == ""


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("packycode:\nport: 1\n", "port: 1\n"),
        ("packycode: {}\n", ""),
        (
            "packycode: {enabled: false, base-url: 'https://x/v1'} # off\n",
            "tppc:\n  providers:\n  # off\n  - name: packycode\n    enabled: false\n    base-url: https://x/v1\n",
        ),
        (
            "packycode:\r\n  enabled: false # off\r\nport: 1\r\n",
            "port: 1\r\ntppc:\r\n  providers:\r\n  - name: packycode\r\n    enabled: false  # off\r\n",
        ),
        (
            "packycode: {enabled: false}\ntppc: {}\n",
            "tppc:\n  providers:\n  - name: packycode\n    enabled: false\n",
        ),
    ],
)
def test_blocks_of_other_forms(text: str, after: str) -> None:
    assert migrated(text) == after


@pytest.mark.parametrize("text", ["packycode: 5\n", "packycode: {enabled: true}\ntppc: [x]\n"])
def test_what_has_another_form_than_it_must_is_left_alone(text: str) -> None:
    with pytest.raises(EditError, match="mend it first"):
        migrated(text)


def test_a_pair_of_the_environment_comes_along(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PACKYCODE_BASE_URL", "https://env.packycode.com/v1")
    monkeypatch.setenv("PACKYCODE_API_KEY", "sk-env-1234567890")

    text = migrated("packycode:\n  enabled: true\n")

    assert "base-url: https://env.packycode.com/v1\n" in text
    assert "api-key: env:PACKYCODE_API_KEY\n" in text


def test_a_key_in_the_codex_clis_files_has_to_be_written_down_first(kit: Any, home: Path) -> None:
    kit.codex_cli(home)

    with pytest.raises(EditError, match=r"packycode's key comes from the Codex CLI's files"):
        migrated("packycode:\n  enabled: true\n")


def test_the_change_is_shown_without_secrets_and_written_when_agreed(run: Run, file: Path) -> None:
    refused = run(answer="n\n")
    assert refused.returncode == 1
    assert file.read_text() == BEFORE

    done = run(answer="y\n")

    assert done.returncode == 0, done.stderr
    assert (file.read_text(), file.stat().st_mode & 0o777) == (AFTER, 0o640)
    assert refused.stdout == done.stdout
    lines = done.stdout.splitlines()
    assert lines[:2] == ["--- config.yaml", "+++ config.yaml (changed)"]
    assert '-  base-url: "https://codex-api.packycode.com/v1" # not the slow one' in lines
    assert "+  - name: packycode" in lines
    assert "+    api-key: sk-a...56  # ada's" in lines
    assert "key-123456" not in done.stdout + done.stderr


def test_yes_asks_nothing_and_the_second_time_nothing_is_done(run: Run, file: Path) -> None:
    assert run("--yes").returncode == 0
    again = run("--yes")

    assert (again.returncode, again.stdout) == (0, "")
    assert again.stderr == "there is no packycode block; nothing to do\n"
    assert file.read_text() == AFTER


def test_what_changes_with_it_is_said(run: Run, file: Path) -> None:
    file.write_text(
        f"{BEFORE}codex-api-key: [{{api-key: sk-codex-1234567890}}]\n".replace(
            "  wire-api: responses # what else", "  defaults: {model: gpt-5-codex, model-reasoning-effort: low}"
        )
    )

    told = run("--yes").stderr

    assert "note: packycode.defaults.model gpt-5-codex is left behind: a tppc provider has gpt-5" in told
    assert "note: packycode.defaults.model-reasoning-effort low is left behind" in told
    assert "note: credentials of codex-api-key are in rotation again; packycode let them rest" in told


def test_what_would_not_hold_is_not_written(run: Run, file: Path) -> None:
    taken = f"{BEFORE}tppc:\n  providers:\n    - name: PackyCode\n"
    file.write_text(taken)

    done = run("--yes")

    assert done.returncode == 1
    assert "error: tppc.providers[1].name 'packycode' is taken by providers[0] (choose another name)" in done.stderr
    assert "nothing was written" in done.stderr
    assert file.read_text() == taken


def test_without_the_plugin_for_it_nothing_is_written(run: Run, file: Path) -> None:
    file.write_text(f"{BEFORE}plugins: {{disabled: [tppc]}}\n")

    done = run("--yes")

    assert done.returncode == 1
    assert "no installed plugin knows tppc; nothing was written" in done.stderr
    assert file.read_text().startswith(BEFORE)


def test_a_file_that_cannot_be_read_is_told(run: Run, file: Path) -> None:
    file.write_text("packycode: [\n")
    broken = run("--yes")
    file.unlink()
    without = run("--yes")
    missing = run("--yes", "--config", "other.yaml")

    assert [each.returncode for each in (broken, without, missing)] == [1, 1, 1]
    assert "config.yaml:2: error: not valid YAML" in broken.stderr
    assert "there is no configuration file here; name one with --config" in without.stderr
    assert "there is no file other.yaml" in missing.stderr


@pytest.mark.parametrize(
    ("line", "parts"),
    [
        ("key: value # comment", ("key: value", "# comment")),
        ("key: va#lue", ("key: va#lue", "")),
        ("  # alone  ", ("", "# alone")),
        ("key: 'it''s # no' # yes", ("key: 'it''s # no'", "# yes")),
        ('key: "a \\" # no" # yes', ('key: "a \\" # no"', "# yes")),
        ("key: ada's # yes", ("key: ada's", "# yes")),
        ("- 'a # b'", ("- 'a # b'", "")),
        ("", ("", "")),
    ],
)
def test_a_comment_is_told_from_what_looks_like_one(line: str, parts: tuple[str, str]) -> None:
    code, comment = split(line)

    assert (code.strip(), comment) == parts


PIECES = (
    st.sampled_from(
        ["packycode:", "packycode: {enabled: false}", "packycode: 5", "packycode:   # note", "  enabled: false  # on"]
    )
    | st.sampled_from(
        [
            "  base-url: 'https://a/v1' # u",
            "  credentials:",
            "    openai-api-key: k # key",
            "    # above",
            "# margin",
            "",
        ]
    )
    | st.sampled_from(
        [
            "tppc:",
            "tppc: {providers: [{name: a}]}",
            "  providers: []",
            "  providers:",
            "  - name: fox",
            "    enabled: true",
        ]
    )
    | st.sampled_from(
        ["debug: true", "  extra: [1,", "    2]", "  t: |", "    # no comment", "  defaults: {model: gpt-5}", "..."]
    )
)


@given(st.lists(PIECES, max_size=10).map(lambda lines: "\n".join(lines) + "\n"))
def test_any_block_becomes_a_provider_or_stays_and_nothing_else_changes(text: str) -> None:
    try:
        before, after = Document.parse(text).data, Document.parse(migrated(text)).data
    except (ConfigError, EditError):
        return
    assert "packycode" not in after
    assert {key: value for key, value in before.items() if key not in ("packycode", "tppc")} == {
        key: value for key, value in after.items() if key != "tppc"
    }
    if before.get("packycode"):
        assert after["tppc"]["providers"][-1]["name"] == "packycode"


@given(st.text() | st.text("ab:#'\"\\ -[{,"))
def test_a_comment_begins_with_its_sign(line: str) -> None:
    code, comment = split(line)
    assert not comment or comment.startswith("#")
    assert "".join(f"{code} {comment}".split()) == "".join(line.split())
