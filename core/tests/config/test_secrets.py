from __future__ import annotations

from pathlib import Path

import pytest
from jackfield.config import Document, Loaded, compose, core_schema, load
from jackfield.model.errors import ConfigError, Problem

CANARY = "sk-canary-0123456789"

PROVIDER = {
    "type": "object",
    "properties": {"enabled": {"type": "boolean"}, "api-key": {"type": "string", "x-secret": True}},
}
ACME = {"type": "object", "properties": {"acme": {"type": "array", "items": PROVIDER}}}
SCHEMA = compose(core_schema(), {"acme": ACME})


def given_text(text: str, **environ: str) -> Loaded:
    return load(Document.parse(text), SCHEMA, environ=environ)


def refused(text: str, **environ: str) -> list[Problem]:
    with pytest.raises(ConfigError) as caught:
        given_text(text, **environ)
    return list(caught.value.problems)


def test_secrets_come_from_the_environment_and_from_files(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("sk-from-file-0123456789\n")
    file = tmp_path / "config.yaml"
    text = f"api-keys: [env:KEY, 'file:{tmp_path}/key', file:key, {CANARY}]"

    config = load(Document.parse(text, file), SCHEMA, environ={"KEY": "sk-from-env-0123456789"}).settings

    assert [key.reveal() for key in config.api_keys] == [
        "sk-from-env-0123456789",
        "sk-from-file-0123456789",
        "sk-from-file-0123456789",
        CANARY,
    ]


@pytest.mark.parametrize("written", [b"\xef\xbb\xbf%b", b"\xef\xbb\xbf%b\r\n", b"%b\r\n\r\n", b" \t%b \n"])
def test_what_editors_put_around_a_secret_is_no_part_of_it(tmp_path: Path, written: bytes) -> None:
    """K3: a byte order mark as some editors write it, line breaks and blanks."""
    (tmp_path / "key").write_bytes(written % CANARY.encode())

    config = load(Document.parse("api-keys: ['file:key']", tmp_path / "config.yaml"), SCHEMA, environ={}).settings

    assert [key.reveal() for key in config.api_keys] == [CANARY]


def test_a_byte_order_mark_alone_is_no_secret(tmp_path: Path) -> None:
    (tmp_path / "key").write_bytes(b"\xef\xbb\xbf\n")

    assert "is empty" in refused(f"api-keys: ['file:{tmp_path}/key']")[0].message


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        ("env:NOT_SET", "NOT_SET is not set"),
        ("env:EMPTY", "EMPTY is empty"),
        ("file:/no/such/file", "/no/such/file cannot be read"),
        ("file:/", "/ is no file"),
        ("env:TWO_LINES", "line break"),
        ("env:BYTES", "not UTF-8"),
        ("file:~nobody-of-that-name/key", "cannot be read"),
    ],
)
def test_a_secret_that_is_not_found_names_key_line_and_mend(reference: str, message: str) -> None:
    [problem] = refused(f"host: 0.0.0.0\napi-keys:\n  - '{reference}'", EMPTY=" ", TWO_LINES="a\nb", BYTES="\udcff")

    assert (problem.path, problem.line) == ("api-keys[0]", 3)
    assert message in problem.message
    assert problem.fix


def test_what_is_switched_off_need_not_have_its_secret() -> None:
    loaded = given_text("acme: [{enabled: false, api-key: env:NOT_SET}]")

    assert [each.path for each in loaded.warnings] == ["acme[0].api-key"]
    assert not loaded.settings.section("acme")[0]["api-key"]
