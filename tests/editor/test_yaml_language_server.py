"""What an editor shows for a configuration: mistakes where they stand, an explanation of every key, keys to choose."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import orjson
import pytest
from jackfield.config import Document

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "config.example.yaml"
SCHEMA = ROOT / "schemas" / "config.schema.json"


def modeline(schema: Path) -> str:
    return f"# yaml-language-server: $schema={schema}\n"


def written(folder: Path, text: str, schema: Path = SCHEMA) -> Path:
    file = folder / "config.yaml"
    file.write_text(modeline(schema) + text)
    return file


def uncommented() -> str:
    """Return the example with its examples in force, without its first line."""
    text = re.sub(r"^#(?! [^ ]|$)", "", EXAMPLE.read_text("utf-8"), flags=re.MULTILINE)
    return text.partition("\n")[2]


def described(schema: Mapping[str, Any], path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield every key with what its schema says of it; items of lists have no step of their own."""
    for key, part in schema.get("properties", {}).items():
        yield (*path, key), part["description"]
        yield from described(part, (*path, key))
    if items := schema.get("items"):
        for form in (items, *items.get("anyOf", ())):
            yield from described(form, path)


def lines(findings: list[dict[str, Any]]) -> list[int]:
    """Return the lines of findings, counted from 1 as people do."""
    return sorted(each["range"]["start"]["line"] + 1 for each in findings)


async def test_the_example_is_clean_where_it_lies(editor: Any) -> None:
    assert await editor.open(EXAMPLE) == []


async def test_all_that_the_example_comments_out_is_clean(editor: Any, tmp_path: Path) -> None:
    assert await editor.open(written(tmp_path, uncommented())) == []


MISTAKES = {
    "a typo in a key": ("port: 8317", "prot: 8317", "prot is not allowed"),
    "a typo in a provider's key": (
        "      base-url: https://fox",
        "      base_url: https://fox",
        "base_url is not allowed",
    ),
    "text for a number": ("port: 8317", "port: eight", "integer"),
    "text for a switch": ("      enabled: false\n      base", '      enabled: "no"\n      base', "boolean"),
    "an unknown strategy": ("strategy: round-robin", "strategy: random", "round-robin"),
    "a name with a blank": ("- name: fox", "- name: a fox", "pattern"),
}


@pytest.mark.parametrize("name", MISTAKES)
async def test_a_mistake_is_flagged_at_its_line(name: str, editor: Any, tmp_path: Path) -> None:
    right, wrong, words = MISTAKES[name]
    text = uncommented()
    assert text.count(right) == 1
    line = text[: text.index(right)].count("\n") + 2  # the first line points at the schema

    findings = await editor.open(written(tmp_path, text.replace(right, wrong)))

    assert lines(findings) == [line]
    assert words in findings[0]["message"]


async def test_an_effort_that_packycode_does_not_take_is_flagged_while_it_is_on(editor: Any, tmp_path: Path) -> None:
    block = "packycode:\n  enabled: {}\n  defaults:\n    model-reasoning-effort: max\n"

    assert lines(await editor.open(written(tmp_path, block.format("true")))) == [5]
    (tmp_path / "off").mkdir()
    assert await editor.open(written(tmp_path / "off", block.format("false"))) == []


async def test_every_key_is_explained_when_the_pointer_rests_on_it(editor: Any, tmp_path: Path) -> None:
    file = written(tmp_path, uncommented())
    await editor.open(file)
    document = Document.parse(file.read_text())
    source = file.read_text().splitlines()
    places: dict[tuple[str, ...], int] = {}
    for path, line in document.lines.items():
        if isinstance(path[-1], str):
            places.setdefault(tuple(step for step in path if isinstance(step, str)), line - 1)

    unexplained = []
    for path, description in described(orjson.loads(SCHEMA.read_bytes())):
        if path == ("packycode", "effective-source"):
            continue  # it is told, never written
        line = places[path]
        shown = await editor.hover(file, line, source[line].index(path[-1]) + 1)
        if _plain(description) not in _plain(shown):
            unexplained.append((path, shown))

    assert unexplained == []
    assert len(places) > 60


def _plain(text: str) -> str:
    """Return text without what Markdown escapes or folds."""
    return re.sub(r"\s+", " ", text.replace("&nbsp;", " ").replace("&lt;", "<").replace("&gt;", ">").replace("\\", ""))


async def test_keys_are_offered_where_they_fit(editor: Any, tmp_path: Path) -> None:
    file = written(tmp_path, "tppc:\n  providers:\n    - name: fox\n      \n\n")
    await editor.open(file)

    inside = await editor.completions(file, 4, 6)
    outside = await editor.completions(file, 5, 0)

    assert {"api-key", "base-url", "enabled", "priority"} <= set(inside)
    assert "packycode" not in inside
    assert {"packycode", "codex-login", "routing", "statistics"} <= set(outside)


PLUGIN = """
from jackfield.api import hookimpl

@hookimpl
def config_schema():
    colour = {"type": "string", "enum": ["red", "green"], "description": "What the zebra is painted with."}
    zebra = {"type": "object", "description": "The zebra.", "properties": {"colour": colour}}
    return {"type": "object", "properties": {"zebra": zebra}}
"""


@pytest.fixture
def extended(tmp_path: Path) -> Path:
    """The schema that `jackfield config schema --output` writes where somebody else's plugin is installed."""
    site = tmp_path / "site"
    info = site / "jf_zebra-1.0.dist-info"
    info.mkdir(parents=True)
    (site / "jf_zebra.py").write_text(PLUGIN)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: jf-zebra\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[jackfield]\nzebra = jf_zebra\n")
    output = tmp_path / "with-zebra.schema.json"
    command = [sys.executable, "-m", "jackfield", "config", "schema", "--output", str(output)]
    subprocess.run(command, check=True, timeout=60, cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(site)})
    return output


async def test_keys_of_another_plugin_come_in_with_its_schema(editor: Any, extended: Path, tmp_path: Path) -> None:
    text = "zebra:\n  colour: red\nport: 1\n"
    shipped, plain = tmp_path / "shipped", tmp_path / "plain"
    shipped.mkdir()
    plain.mkdir()

    assert lines(await editor.open(written(shipped, text))) == [2]
    file = written(plain, text, extended)
    assert await editor.open(file) == []
    assert "What the zebra is painted with." in await editor.hover(file, 2, 3)
