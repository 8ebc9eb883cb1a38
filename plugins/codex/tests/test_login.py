"""Login files of the Codex CLI, from the file to the backend."""

from __future__ import annotations

import base64
import json
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jackfield.api import Secret
from jackfield.testing import FakeUpstream, jackfield_server, make_app
from jackfield_codex.login import Login, LoginError, claims, expiry


def credentials(*entries: Any, folder: Path) -> list[Any]:
    app = make_app({"codex-login": list(entries)}, path=folder / "config.yaml")
    return [each for each in app.extensions["jackfield"].runtime.found if each.provider == "codex"]


async def test_a_login_calls_its_backend_with_its_token_and_account(
    auth: Path, backend: FakeUpstream, serve: Any, kit: Any
) -> None:
    house = await serve(auth)

    answer = await house.ask()

    assert answer.status_code == 200, answer.text
    assert backend.last.path == "/backend-api/codex/responses"
    assert backend.last.key == kit.access()
    assert backend.last.headers["chatgpt-account-id"] == kit.account


def test_a_login_is_named_by_its_file_and_labelled_by_its_owner(tmp_path: Path, kit: Any) -> None:
    file = kit.write(tmp_path / "auth.json", kit.login(kit.access()))

    [found] = credentials(str(file), folder=tmp_path)

    assert (found.id, found.provider, found.label) == ("auth.json", "codex", "ada@example.com")
    assert found.attributes["source"] == f"path={file}"
    assert found.metadata["base_url"] == "https://chatgpt.com/backend-api/codex"
    assert found.status == "active"
    assert kit.access() not in repr(found)


def test_paths_may_be_relative_to_the_configuration_and_to_the_home(
    tmp_path: Path, kit: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    kit.write(tmp_path / "logins" / "one.json", kit.login(kit.access()))
    kit.write(tmp_path / "home" / ".codex" / "two.json", kit.login(kit.access()))

    found = credentials("logins/one.json", {"path": "~/.codex/two.json", "priority": 5}, folder=tmp_path)

    assert [(each.id, each.status, each.priority) for each in found] == [
        ("one.json", "active", 0),
        ("two.json", "active", 5),
    ]


def test_files_of_one_name_are_told_apart_by_their_folders(tmp_path: Path, kit: Any) -> None:
    files = [kit.write(tmp_path / name / "auth.json", kit.login(kit.access())) for name in ("work", "home")]
    files.append(kit.write(tmp_path / "work" / "other.json", kit.login(kit.access())))

    found = credentials(*map(str, files), folder=tmp_path)

    assert [each.id for each in found] == ["work/auth.json", "home/auth.json", "other.json"]


def test_the_account_is_found_in_the_tokens_where_the_file_does_not_name_it(tmp_path: Path, kit: Any) -> None:
    content = kit.login(kit.jwt(**{"https://api.openai.com/auth": {"chatgpt_account_id": "from-token"}}))
    del content["tokens"]["account_id"]
    file = kit.write(tmp_path / "auth.json", content)

    [found] = credentials(str(file), folder=tmp_path)

    assert found.metadata["account_id"] == "from-token"


def test_an_api_key_in_a_login_file_goes_to_the_platform(tmp_path: Path, kit: Any) -> None:
    alone = kit.write(tmp_path / "a.json", {"OPENAI_API_KEY": "sk-in-the-file-123456"})
    beside = kit.write(tmp_path / "b.json", kit.login("token", OPENAI_API_KEY="sk-beside-123456", auth_mode="apikey"))
    unused = kit.write(tmp_path / "c.json", kit.login("token", OPENAI_API_KEY="sk-unused-123456", auth_mode="chatgpt"))

    found = credentials(str(alone), str(beside), str(unused), folder=tmp_path)

    assert [each.attributes.get("base_url") for each in found] == ["https://api.openai.com/v1"] * 2 + [None]
    assert [each.metadata.get("base_url") for each in found[:2]] == [None, None]
    assert "sk-in-the-file" not in repr(found)


BROKEN = {
    "missing": (None, "there is no file auth.json; run `codex login`"),
    "empty": (b"", "auth.json is not JSON; run `codex login`"),
    "half": (b'{"tokens": {', "auth.json is not JSON; run `codex login`"),
    "list": (b"[]", "auth.json holds no login; run `codex login`"),
    "nothing": (b"{}", "auth.json holds no access token and no API key; run `codex login`"),
    "wrong": (b'{"tokens": "x"}', "auth.json holds no access token and no API key; run `codex login`"),
    "numbers": (
        b'{"tokens": {"access_token": 1}, "OPENAI_API_KEY": 2}',
        "auth.json holds no access token and no API key; run `codex login`",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_file_without_a_login_is_a_disabled_credential_that_says_why(name: str, tmp_path: Path) -> None:
    content, reason = BROKEN[name]
    if content is not None:
        (tmp_path / "auth.json").write_bytes(content)

    [found] = credentials("auth.json", folder=tmp_path)

    assert (found.status, found.metadata["reason"]) == ("disabled", reason)


def test_a_login_that_cannot_be_read_is_warned_about(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    credentials("auth.json", folder=tmp_path)

    assert "codex-login[0]: cannot be used yet: there is no file auth.json; run `codex login`" in caplog.text


def test_one_file_named_twice_is_refused(tmp_path: Path, auth: Path) -> None:
    (tmp_path / "link.json").symlink_to(auth)

    with pytest.raises(Exception, match=r"codex-login\[1\]: is the same file as codex-login\[0\]"):
        credentials(str(auth), "link.json", folder=tmp_path)


def test_what_a_login_entry_may_be_is_told(tmp_path: Path) -> None:
    with pytest.raises(Exception, match=r"codex-login\[0\]\.paht: unknown key \(did you mean `path`\?\)"):
        credentials({"paht": "x", "path": "y"}, folder=tmp_path)


async def test_a_new_login_serves_without_a_restart(
    tmp_path: Path, backend: FakeUpstream, serve: Any, kit: Any, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "later" / "auth.json"
    caplog.set_level("INFO", "jackfield.config")
    house = await serve(file, demo={"enabled": False})
    assert (await house.ask()).status_code == 503

    kit.write(file, kit.login(kit.access(), backend.base_url))
    await kit.until(lambda: house.credentials["auth.json"].status == "active")

    assert (await house.ask()).status_code == 200
    assert "credential auth.json: disabled -> active" in caplog.text
    assert "clients: 1 in rotation (codex 1)" in caplog.text
    assert kit.access() not in caplog.text


async def test_a_login_that_is_deleted_is_out_of_rotation(auth: Path, serve: Any, kit: Any) -> None:
    house = await serve(auth)

    kit.remove(auth)
    await kit.until(lambda: house.credentials["auth.json"].status == "disabled")

    assert house.credentials["auth.json"].metadata["reason"] == "there is no file auth.json; run `codex login`"


async def test_packycode_lets_logins_rest_too(auth: Path, serve: Any) -> None:
    block = {"enabled": True, "base-url": "https://packycode.invalid/v1", "credentials": {"openai-api-key": "sk-p"}}

    house = await serve(auth, packycode=block)

    assert house.credentials["auth.json"].status == "disabled"
    assert house.credentials["auth.json"].metadata["toggle_by"] == "packycode"


async def test_the_proxy_of_a_login_is_its_own(auth: Path, kit: Any) -> None:
    entry = {"path": str(auth), "proxy-url": "http://127.0.0.1:1"}
    async with jackfield_server({"codex-login": [entry]}, clock=kit.clock) as server, server.client() as client:
        answer = await client.post("/v1/responses", json={"model": "codex/gpt-5", "input": "Hi"})

    assert answer.status_code == 502


async def test_l5_a_login_serves_no_more_at_once_than_its_entry_allows(auth: Path, kit: Any) -> None:
    config = {"codex-login": [{"path": str(auth), "max-concurrency": 3}]}
    async with jackfield_server(config, clock=kit.clock) as server:
        [found] = [each for each in server.app.extensions["jackfield"].runtime.found if each.id == "auth.json"]

    assert found.max_concurrency == 3


FIELDS = st.sampled_from(
    ["tokens", "access_token", "id_token", "refresh_token", "account_id", "OPENAI_API_KEY", "auth_mode", "base_url"]
) | st.sampled_from(["exp", "email", "https://api.openai.com/auth", "chatgpt_account_id"])
LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10)
JSON = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(FIELDS, inner, max_size=5), max_leaves=12
)


def as_token(claimed: Any) -> str:
    body = base64.urlsafe_b64encode(json.dumps(claimed).encode()).decode().rstrip("=")
    return f"a.{body}.c"


@given(st.text() | JSON.map(as_token) | st.text("ab.=-_é", max_size=12))
def test_any_token_says_something_of_itself_or_nothing(token: str) -> None:
    assert isinstance(claims(token), dict)
    moment = expiry(Secret(token))
    assert moment is None or isinstance(moment, float)


DOCUMENTS = st.fixed_dictionaries(
    {},
    optional={
        "tokens": st.dictionaries(FIELDS, LEAVES | JSON.map(as_token), max_size=5) | JSON,
        "OPENAI_API_KEY": LEAVES,
        "auth_mode": LEAVES,
        "base_url": LEAVES,
    },
)


@given(st.binary() | (DOCUMENTS | JSON).map(lambda data: json.dumps(data).encode()))
def test_any_file_is_a_login_or_says_why_it_is_none(content: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "auth.json"
        file.write_bytes(content)
        try:
            login = Login.read(file)
        except LoginError as error:
            assert "auth.json" in str(error)  # noqa: PT017  # either way is right
            return
    assert bool(login.api_key) != bool(login.access_token)
    if login.access_token:
        assert orjson.loads(login.renewed({"access_token": "x", "id_token": 5}, datetime.now(UTC)))
    assert len(login.generation) == 64
