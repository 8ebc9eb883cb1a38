"""From a file's name to checked settings and loaded plugins: what the server and the command line both begin with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ..config import Document, Settings, compose, core_schema, load
from ..config.text.document import DEFAULT_FILE
from ..model.errors import ConfigError, PluginError, Problem
from ..plugins.manager import Plugins

SIBLINGS = "JACKFIELD_WORKERS"
"""The environment variable that tells a worker how many of its kind there are."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """Everything an app is built from."""

    settings: Settings
    plugins: Plugins
    schema: Mapping[str, Any]
    warnings: tuple[Problem, ...] = ()
    awaited: Path | None = None
    """Without a configuration file: where one is taken up that is made later."""


def awaiting(prepared: Prepared) -> Prepared:
    """Return the same for a server that looked for a file by itself: where none was, one may be made later."""
    return prepared if prepared.settings.path else replace(prepared, awaited=Path(DEFAULT_FILE).absolute())


def discover(document: Document, extra: Mapping[str, object] | None = None) -> Plugins:
    """Load the plugins that a configuration leaves on; what its `plugins` section gets wrong the schema will say."""
    section = document.data.get("plugins")
    section = section if isinstance(section, dict) else {}
    return Plugins.discover(disabled=_names(section, "disabled"), allow=_names(section, "allow"), extra=extra)


def prepare(path: Path | None, extra: Mapping[str, object] | None = None) -> Prepared:
    """Read the configuration (None: defaults alone), load the plugins, check everything.

    `extra` are plugin objects by name that no entry point announces. Raises ConfigError with every problem;
    PluginError when `plugins.strict` is set and a plugin is broken or missing.
    """
    document = Document.read(path)
    plugins = discover(document, extra)
    schema = compose(core_schema(), plugins.config_schemas())
    loaded = load(document, schema, plugins.check_config)
    if loaded.settings.plugins.strict:
        _insist(loaded.settings, plugins)
    return Prepared(loaded.settings, plugins, schema, loaded.warnings)


def _names(section: Mapping[str, Any], key: str) -> list[str]:
    value = section.get(key)
    return [name for name in value if isinstance(name, str)] if isinstance(value, list) else []


def _insist(settings: Settings, plugins: Plugins) -> None:
    """Raise for what `plugins.strict` does not tolerate."""
    if plugins.broken:
        told = "; ".join(f"{info.name}: {info.error}" for info in plugins.broken)
        raise PluginError(f"plugins.strict is set and plugins are broken: {told}")
    if settings.missing:
        names = (Problem(name, f"{name}: no installed plugin knows this section") for name in settings.missing)
        raise ConfigError(names, "plugins.strict is set and plugins are missing")
