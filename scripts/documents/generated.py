"""What is generated: each file's name in the repository, and what gives its text."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from .configuration import configuration
from .hooks import hooks
from .management import page
from .relay_meanings import page as meanings
from .relay_words import page as routing
from .reliability import page as reliability
from .schemas import schema_files
from .translation import page as translation

ROOT = Path(__file__).resolve().parent.parent.parent

_TPS = ROOT / "plugins/tps/src/jackfield_tps"

PLUGINS = sorted(path.parent.name for path in ROOT.glob("plugins/*/pyproject.toml"))


def _management(name: str) -> str:
    return page((ROOT / "docs" / name).read_text("utf-8"), PLUGINS)


def _providers(name: str, language: str) -> str:
    return meanings((ROOT / "docs" / name).read_text("utf-8"), ROOT, language)


GENERATED: Mapping[str, Callable[[], str]] = {
    "docs/hooks.md": lambda: hooks((ROOT / "core/src/jackfield/plugins/hookspecs.py").read_text("utf-8")),
    "docs/configuration.md": lambda: configuration(PLUGINS),
    **{f"docs/{name}": partial(_management, name) for name in ("management-api.md", "management-api.zh.md")},
    "docs/providers.md": partial(_providers, "providers.md", "en"),
    "docs/providers.zh.md": partial(_providers, "providers.zh.md", "zh"),
    "docs/reliability.md": lambda: reliability((ROOT / "docs/reliability.md").read_text("utf-8"), ROOT / "tests"),
    "docs/routing.md": lambda: routing((ROOT / "docs/routing.md").read_text("utf-8"), ROOT),
    "docs/translation.md": lambda: translation((ROOT / "docs/translation.md").read_text("utf-8")),
    **schema_files(PLUGINS),
    "schemas/per-request-tps.schema.json": lambda: (_TPS / "per-request-tps.schema.json").read_text("utf-8"),
}
