"""docs/providers.md and its Chinese twin: what they quote is what the program says, and their code works."""

from __future__ import annotations

import base64
import dataclasses
import re
import tomllib
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
import yaml
from click.testing import CliRunner
from jackfield.cli import cli
from jackfield.testing import (
    FakeUpstream,
    Script,
    html_page,
    http_error,
    jackfield_server,
    jackfield_server_in_thread,
    make_app,
)

ROOT = Path(__file__).resolve().parent.parent
ENGLISH, CHINESE = (ROOT / "docs" / name for name in ("providers.md", "providers.zh.md"))
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
CHECKED = re.compile(r"^```yaml\n((?:(?!^```).)*?)^```\n\n```text\n(.*?)^```$", re.MULTILINE | re.DOTALL)
ANSWERED = re.compile(r"^<!-- (\w+): ([\w-]+) -->\n\n```json\n(.*?)^```$", re.MULTILINE | re.DOTALL)
ERRORS = "## When it does not work"

UPSTREAMS: dict[str, Script] = {
    "404": dataclasses.replace(html_page(), status=404),
    "page": html_page(),
    "401": http_error(401, "Incorrect API key provided", code="invalid_api_key"),
}


def text(page: Path = ENGLISH) -> str:
    return page.read_text("utf-8")


def blocks(language: str, page: Path = ENGLISH) -> list[str]:
    return [block for marked, block in BLOCK.findall(text(page)) if marked == language]


@pytest.fixture(autouse=True)
def keys(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A machine on which the variables of the page are set, and no Codex CLI is at home."""
    for name in ("PACKYCODE_API_KEY", "FOX_API_KEY", "OWL_API_KEY", "OPENAI_API_KEY"):
        monkeypatch.setenv(name, "sk-openai-123")
    monkeypatch.delenv("PACKYCODE_BASE_URL", raising=False)
    monkeypatch.setenv("CODEX_HOME", str(tmp_path / "none"))
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("language", ["yaml", "text", "json", "toml", "console", "sh", "python"])
def test_both_pages_quote_the_same(language: str) -> None:
    assert [_code(block) for block in blocks(language)] == [_code(block) for block in blocks(language, CHINESE)]
    assert blocks(language)


def _code(block: str) -> str:
    """Return a block without its comments, which are in the language of the page."""
    return re.sub(r"\s+# .*$", "", block, flags=re.MULTILINE)


def test_both_pages_have_the_same_sections() -> None:
    levels = [re.findall(r"^(#+) ", text(page), re.MULTILINE) for page in (ENGLISH, CHINESE)]

    assert levels[0] == levels[1]
    assert ANSWERED.findall(text()) == ANSWERED.findall(text(CHINESE))


@pytest.mark.parametrize(("config", "told"), CHECKED.findall(text().partition(ERRORS)[2]))
def test_an_error_of_the_configuration_reads_as_quoted(config: str, told: str) -> None:
    Path("config.yaml").write_text(config)

    done = CliRunner().invoke(cli, ["config", "check"])

    assert (done.exit_code, done.output) == (1, told)


@pytest.mark.parametrize(("kind", "value", "told"), ANSWERED.findall(text()))
def test_an_error_of_a_request_reads_as_quoted(kind: str, value: str, told: str) -> None:
    with FakeUpstream.in_thread(UPSTREAMS.get(value, html_page())) as upstream:
        fox = {"name": "fox", "enabled": True, "base-url": upstream.base_url, "api-key": "sk-fox-123"}
        with jackfield_server_in_thread({"tppc": {"providers": [fox]}}) as proxy, proxy.sync_client() as client:
            model = value if kind == "model" else "gpt-5"
            answer = client.post("/v1/responses", json={"model": model, "input": "Hi"})

    assert answer.json() == orjson.loads(told)
    assert answer.status_code == (404 if kind == "model" else 502)


GOOD = re.findall(r"^```yaml\n(.*?)^```$", text().partition(ERRORS)[0], re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("config", GOOD)
def test_a_configuration_that_is_shown_holds(config: str) -> None:
    Path("config.yaml").write_text(config)

    done = CliRunner().invoke(cli, ["config", "check"])

    assert done.exit_code == 0, done.output


def test_the_first_steps_print_what_is_printed(caplog: pytest.LogCaptureFixture) -> None:
    start, listed, _ = blocks("console")
    block, log = blocks("yaml")[0], blocks("text")[0]
    Path("config.yaml").write_text(block)

    shown = CliRunner().invoke(cli, ["providers"], env={"COLUMNS": "300"})
    assert shown.output == listed.partition("\n")[2]

    caplog.set_level("INFO", "jackfield.config")
    app = make_app("", path=Path("config.yaml"))
    host = app.extensions["jackfield"]
    caplog.clear()  # what a start says of a configuration without providers
    assert host.config.apply(block)
    assert [f"{record.getMessage()}\n" for record in caplog.records] == log.splitlines(keepends=True)
    assert host.config._plugins.serve_flags(host.settings)["packycode"] == start.splitlines()[1]


def test_the_codex_clis_configuration_is_the_one_that_is_shown() -> None:
    toml, _ = blocks("toml")
    codex, block = tomllib.loads(toml), yaml.safe_load(blocks("yaml")[0])
    settings = make_app(block).extensions["jackfield"].settings.data
    rows = re.findall(r"^\| `([\w.]+)` \| `packycode\.([\w.-]+)` \|", text(), re.MULTILINE)

    assert len(rows) == 7
    for theirs, ours in rows:
        expected = True if ours == "enabled" else _at(codex, theirs)
        assert _at(settings["packycode"], ours) == expected, ours


def test_the_codex_clis_other_providers_come_along_as_shown(tmp_path: Path) -> None:
    shown, home = blocks("console")[2], tmp_path / "codex"
    home.mkdir()
    (home / "config.toml").write_text(blocks("toml")[1])
    Path("config.yaml").write_text("api-keys: []  # mine\n")
    command, _, told = shown.partition("\n")

    done = CliRunner().invoke(cli, [*command.split()[2:], "--codex-home", str(home), "--yes"])

    assert sorted(done.output.splitlines()) == sorted(told.splitlines())
    assert yaml.safe_load(Path("config.yaml").read_text())["tppc"]["providers"][0]["api-key"] == "env:FOX_API_KEY"


ENTRIES = [
    ("tppc", "jackfield_tppc", lambda root: root["tppc"]["properties"]["providers"]["items"]),
    ("packycode", "jackfield_packycode", lambda root: root["packycode"]),
    ("codex-api-key", "jackfield_codex", lambda root: root["codex-api-key"]["items"]),
    ("codex-login", "jackfield_codex", lambda root: root["codex-login"]["items"]["anyOf"][1]),
]
OF_THE_CLI = {"requires-openai-auth", "wire-api", "privacy", "credentials", "effective-source"}
"""Keys of `packycode` that are told of where the Codex CLI's configuration is."""


@pytest.mark.parametrize("page", [ENGLISH, CHINESE], ids=["en", "zh"])
@pytest.mark.parametrize(("section", "package", "entry"), ENTRIES, ids=[name for name, _, _ in ENTRIES])
def test_every_key_of_an_entry_is_told(page: Path, section: str, package: str, entry: Any) -> None:
    [schema] = ROOT.glob(f"plugins/*/src/{package}/schema.json")
    keys = set(entry(orjson.loads(schema.read_bytes())["properties"])["properties"]) - OF_THE_CLI
    told = set(re.findall(r"^\| `([\w-]+)` \|", text(page), re.MULTILINE)) | {"path"}

    assert keys - told == set()


@pytest.mark.parametrize("page", [ENGLISH, CHINESE], ids=["en", "zh"])
def test_no_key_is_told_that_no_entry_has(page: Path) -> None:
    table = re.search(r"^\| (?:key|键) \|.*\n\|---\|---\|\n((?:\|.*\n)+)", text(page), re.MULTILINE)
    assert table
    schemas = {
        package: orjson.loads(next(ROOT.glob(f"plugins/*/src/{package}/schema.json")).read_bytes())
        for _, package, _ in ENTRIES
    }
    known = {key for _, package, entry in ENTRIES for key in entry(schemas[package]["properties"])["properties"]}

    assert set(re.findall(r"^\| `([\w-]+)` \|", table[1], re.MULTILINE)) - known == set()


def _at(values: Any, place: str) -> Any:
    for step in place.split("."):
        values = values[step]
    return values


def test_the_provider_in_a_package_of_its_own_serves() -> None:
    module: dict[str, Any] = {}
    exec(blocks("python")[0], module)
    app = make_app({"zebra": {"api-key": "sk-zebra"}}, plugins={"zebra": module["Zebra"]()})
    runtime = app.extensions["jackfield"].runtime

    assert runtime.registry.providers == ["zebra"]
    assert [each.attributes["base_url"] for each in runtime.credentials] == ["https://api.zebra.example/v1"]


def test_the_requests_that_are_shown_work() -> None:
    ask, switch = blocks("sh")
    with FakeUpstream.in_thread() as upstream:
        block = yaml.safe_load(blocks("yaml")[0])
        block["packycode"]["base-url"] = upstream.base_url
        config = {**block, "remote-management": {"secret-key": "write-a-long-key-here"}}
        with jackfield_server_in_thread(config) as proxy:
            assert _curl(ask, proxy.base_url).json()["status"] == "completed"
            assert _curl(switch, proxy.base_url).json()["enabled"] is False
            providers = httpx.get(f"{proxy.base_url}/readyz", trust_env=False).json()["providers"]
    assert "packycode" not in providers


async def test_a_login_that_has_ended_reads_as_quoted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    expired = base64.urlsafe_b64encode(b'{"exp": 1}').decode().rstrip("=")
    tokens = {"access_token": f"e30.{expired}.x", "refresh_token": f"spent-{tmp_path}"}
    (tmp_path / "auth.json").write_bytes(orjson.dumps({"tokens": tokens}))
    async with FakeUpstream(http_error(401, "expired", code="refresh_token_expired")) as endpoint:
        monkeypatch.setenv("CODEX_REFRESH_TOKEN_URL_OVERRIDE", f"{endpoint.base_url}/responses")
        config = {"codex-login": [str(tmp_path / "auth.json")]}
        async with jackfield_server(config) as proxy, proxy.client() as client:
            await client.post("/v1/responses", json={"model": "codex/gpt-5", "input": "Hi"})
            found = {each.id: each for each in proxy.app.extensions["jackfield"].runtime.found}["auth.json"]

    assert f"{found.status} ({found.metadata['reason']})\n" == blocks("text")[1]


def _curl(command: str, base_url: str) -> httpx.Response:
    """Do what a printed `curl` does."""
    path = re.search(r"http://127\.0\.0\.1:8317(\S+)", command)
    body = re.search(r"-d '(.*)'", command)
    method = re.search(r"-X (\w+)", command)
    assert path
    assert body
    headers = dict(header.split(": ", 1) for header in re.findall(r"-H '(.*)'", command))
    url = base_url + path[1]
    return httpx.request(method[1] if method else "POST", url, content=body[1], headers=headers, trust_env=False)
