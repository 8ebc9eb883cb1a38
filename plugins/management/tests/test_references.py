"""K4: over the management API come only references that the file has at that place, or that the file allows."""

from __future__ import annotations

from typing import Any

import pytest

FILE = """\
proxy-url: ""
tppc:
  providers:
    - name: fox
      enabled: true
      base-url: https://fox.invalid/v1
      api-key: env:FOX_KEY
    - name: owl
      enabled: false
      base-url: http://owl.invalid/v1
      api-key: env:OWL_KEY
codex-api-key:
  - {api-key: env:FOX_KEY, base-url: https://one.invalid/v1}
  - {api-key: file:two.key, base-url: https://two.invalid/v1}
"""


@pytest.fixture(autouse=True)
def _secrets(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    for name in ("FOX_KEY", "OWL_KEY", "AWS_SECRET_ACCESS_KEY", "JACKFIELD_NEW"):
        monkeypatch.setenv(name, f"sk-{name.lower()}-0123456789")
    (tmp_path / "two.key").write_text("sk-two-0123456789")
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "new.key").write_text("sk-new-0123456789")


def provider(name: str = "fox", **fields: Any) -> dict[str, Any]:
    return {"providers": [{"name": name, **fields}]}


STRANGE = "env:AWS_SECRET_ACCESS_KEY"
MINE = "https://mine.invalid/v1"


@pytest.mark.parametrize(
    ("method", "path", "body", "place"),
    [
        ("PATCH", "/tppc", provider("new", **{"base-url": MINE, "api-key": STRANGE}), "tppc.providers[2].api-key"),
        ("PATCH", "/tppc", provider(**{"api-key": STRANGE}), "tppc.providers[0].api-key"),
        ("PATCH", "/tppc", provider(**{"api-key": "file:/etc/machine-id"}), "tppc.providers[0].api-key"),
        ("PATCH", "/tppc", provider(**{"base-url": MINE}), "tppc.providers[0].api-key"),
        ("PATCH", "/tppc", provider("owl", **{"proxy-url": "http://mine.invalid:3128"}), "tppc.providers[1].api-key"),
        ("PATCH", "/tppc", provider(**{"proxy-url": STRANGE}), "tppc.providers[0].proxy-url"),
        ("PATCH", "/tppc", provider(headers={"x-more": STRANGE}), "tppc.providers[0].headers.x-more"),
        (
            "PATCH",
            "/tppc",
            provider("new", **{"base-url": MINE, "api-key": "env:FOX_KEY"}),
            "tppc.providers[2].api-key",
        ),
        ("PUT", "/tppc", provider("new", **{"base-url": MINE, "api-key": STRANGE}), "tppc.providers[0].api-key"),
        ("PUT", "/codex-api-key", [{"api-key": STRANGE, "base-url": MINE}], "codex-api-key[0].api-key"),
        ("PATCH", "/codex-api-key", [{"api-key": "env:OWL_KEY", "base-url": MINE}], "codex-api-key[2].api-key"),
        ("PATCH", "/codex-api-key", {"index": 1, "value": {"base-url": MINE}}, "codex-api-key[1].api-key"),
        ("PUT", "/api-keys", [STRANGE], "api-keys[0]"),
        (
            "PUT",
            "/packycode",
            {"enabled": True, "base-url": MINE, "credentials": {"openai-api-key": STRANGE}},
            "packycode.credentials.openai-api-key",
        ),
    ],
)
async def test_a_reference_that_is_not_there_is_refused(
    manage: Any, method: str, path: str, body: Any, place: str
) -> None:
    async with manage(FILE) as proxy:
        before = proxy.text
        answer = await (proxy.put if method == "PUT" else proxy.patch)(path, body)

        assert answer.status_code == 422, answer.text
        assert place in [problem["path"] for problem in answer.json()["problems"]]
        assert "remote-management.allowed-references" in answer.text
        assert "0123456789" not in answer.text
        assert proxy.text == before


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        ("env:FOX_KEY\n", f"{STRANGE}\n", "tppc.providers[0].api-key"),
        ("https://fox.invalid", "https://mine.invalid", "tppc.providers[0].api-key"),
        ("base-url: http://owl.invalid/v1", "base-url: http://mine.invalid/v1", "tppc.providers[1].api-key"),
        ('proxy-url: ""', f"proxy-url: {STRANGE}", "proxy-url"),
        ('proxy-url: ""', "proxy-url: http://mine.invalid:3128", "tppc.providers[1].api-key"),
        ("secret-key: ", "allowed-references: ['env:*']\n  secret-key: ", "remote-management.allowed-references"),
    ],
)
async def test_the_whole_file_is_no_way_round_it(manage: Any, old: str, new: str, place: str) -> None:
    async with manage(FILE) as proxy:
        before = proxy.text
        assert old in before
        answer = await proxy.ask("PUT", "/config.yaml", content=before.replace(old, new, 1))

        assert answer.status_code == 422, answer.text
        assert place in [problem["path"] for problem in answer.json()["problems"]]
        assert proxy.text == before


async def test_a_broken_file_is_no_way_round_it_either(manage: Any) -> None:
    async with manage(FILE) as proxy:
        whole = proxy.text
        proxy.path.write_text("tppc: [")
        strange = await proxy.ask("PUT", "/config.yaml", content=whole.replace("env:FOX_KEY\n", f"{STRANGE}\n", 1))
        mended = await proxy.ask("PUT", "/config.yaml", content=whole)

    assert (strange.status_code, mended.status_code) == (422, 200)


async def test_what_the_file_has_already_stays_in_use(manage: Any) -> None:
    async with manage(FILE) as proxy:
        for answer in (
            await proxy.patch("/tppc", provider(enabled=True, priority=3)),
            await proxy.patch("/tppc", provider(**{"base-url": "https://fox.invalid/other/v2"})),
            await proxy.patch("/tppc", provider(**{"proxy-url": "http://proxy.invalid:3128"})),  # TLS ends at fox
            await proxy.put("/tppc", (await proxy.get("/tppc")).json()),
            await proxy.ask("DELETE", "/codex-api-key?index=0"),
            await proxy.ask("PUT", "/config.yaml", content=f"# more\n{proxy.text}"),
        ):
            assert answer.status_code == 200, answer.text


async def test_the_file_can_allow_references(manage: Any) -> None:
    allowed = (
        "remote-management: {secret-key: a-key-of-the-tests, allowed-references: ['env:JACKFIELD_*', 'file:keys/*']}\n"
    )
    async with manage(FILE + allowed, key="a-key-of-the-tests") as proxy:
        for written, status in (
            ("env:JACKFIELD_NEW", 200),
            ("file:keys/new.key", 200),
            (f"file:{proxy.path.parent}/keys/new.key", 200),
            ("file:keys/../two.key", 422),
            ("env:OWL_KEY", 422),
        ):
            answer = await proxy.patch("/tppc", provider("new", **{"base-url": MINE, "api-key": written}))
            assert answer.status_code == status, answer.text
