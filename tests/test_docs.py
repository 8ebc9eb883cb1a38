"""The generated pages are in step with the code, and no hook is without its place in the docs or without a test."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from jackfield.plugins import hookspecs

ROOT = Path(__file__).resolve().parent.parent
SOURCE = (ROOT / "core/src/jackfield/plugins/hookspecs.py").read_text("utf-8")
HOOKS = sorted(name for name, value in vars(hookspecs).items() if hasattr(value, f"{hookspecs.PROJECT}_spec"))


@pytest.fixture
def docs(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """What scripts/docs runs."""
    monkeypatch.syspath_prepend(str(ROOT / "scripts"))
    return importlib.import_module("documents.__main__")


def names_in(text: str) -> Iterator[str]:
    """Yield the names that a source defines, uses as attributes or keywords, or writes as strings."""
    for node in ast.walk(ast.parse(text)):
        for field in ("name", "attr", "arg", "value"):
            value = getattr(node, field, None)
            if isinstance(value, str):
                yield value


def test_generated_files_are_in_step(docs: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    assert docs.main(["--check"]) == 0, capsys.readouterr().out


def test_a_stale_file_is_named_and_mended(
    docs: ModuleType, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(docs, "ROOT", tmp_path)
    assert docs.main([]) == 0
    capsys.readouterr()
    page = tmp_path / "docs/hooks.md"
    page.write_text(page.read_text("utf-8").replace("resolve_creds", "resolve_credentials"), "utf-8")

    assert docs.main(["--check"]) == 1
    assert capsys.readouterr().out == "docs/hooks.md is stale: run scripts/docs\n"
    assert docs.main([]) == 0
    assert docs.main(["--check"]) == 0


@pytest.mark.parametrize("hook", HOOKS)
def test_every_hook_is_in_the_docs_with_its_exact_signature(hook: str) -> None:
    page = (ROOT / "docs/hooks.md").read_text("utf-8")
    arguments = ", ".join(inspect.signature(getattr(hookspecs, hook)).parameters)
    written = re.search(rf"^def {hook}\((.*?)\) -> (.*?):$", SOURCE, re.MULTILINE | re.DOTALL)

    assert written is not None
    assert f"\n## {hook}({arguments})\n" in page
    assert f"\ndef {hook}({' '.join(written[1].split())}) -> {written[2]}\n" in page


@pytest.mark.parametrize("hook", HOOKS)
def test_every_hook_has_a_test(hook: str) -> None:
    folders = (ROOT / "core/tests", ROOT / "tests", *ROOT.glob("plugins/*/tests"))
    tests = [path for folder in folders for path in folder.rglob("test_*.py")]

    assert any(hook in names_in(path.read_text("utf-8")) for path in tests)


def test_the_table_of_hooks_is_complete() -> None:
    assert len(HOOKS) == SOURCE.count("\n@hookspec") > 10
