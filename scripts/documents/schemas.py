"""`schemas/`: the core's configuration schema, each plugin's, all of them composed, and what describes the APIs."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from functools import cache, partial
from typing import Any

from jackfield.config import compose, core_schema
from jackfield.plugins.manager import Plugins
from jackfield_management.openapi import describe

from . import client_api

COMPOSED = "config"
"""The name of the schema of a whole configuration file."""


def schema_files(plugins: Iterable[str]) -> dict[str, Callable[[], str]]:
    """Return what makes each schema file, by its name in the repository; the plugins must be installed.

    A plugin without keys in the configuration has no file.
    """
    names = tuple(sorted(plugins))
    parts = {f"schemas/{part}.schema.json": partial(_text, names, part) for part in _schemas(names)}
    return {
        **parts,
        "schemas/client.openapi.json": lambda: _written(client_api.describe()),
        "schemas/management.openapi.json": lambda: _written(describe(_schemas(names)[COMPOSED])),
    }


def _text(plugins: tuple[str, ...], part: str) -> str:
    return _written(_schemas(plugins)[part])


def _written(data: object) -> str:
    return json.dumps(data, indent=2, ensure_ascii=False) + "\n"


@cache
def _schemas(plugins: tuple[str, ...]) -> Mapping[str, Mapping[str, Any]]:
    """Return every schema by its part."""
    of_plugins = Plugins.discover(allow=plugins).config_schemas()
    return {"core": core_schema(), **of_plugins, COMPOSED: compose(core_schema(), of_plugins)}
