"""`docs/configuration.md`: every key of the configuration, from the composed schema."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from jackfield.config import compose, core_schema
from jackfield.plugins.manager import Plugins

Schema = Mapping[str, Any]

HEAD = """# Configuration

<!-- Generated from the schemas of the core and of the plugins by scripts/docs. Change them there. -->

One YAML file: the one that `--config` names, else `JACKFIELD_CONFIG`, else `./config.yaml`. Without a file the server
starts on loopback with the demo provider. Unknown keys are refused. `jackfield config check` tells every problem with
its line, `jackfield config show` prints what is in force, and an edit of the file takes effect while the server runs.

`[]` stands for each entry of a list. Keys marked *secret* may be written as `env:NAME` or `file:/path`, and are never
shown.
"""

TABLE = """
## {title}

{about}

| key | type | default | |
|---|---|---|---|
{rows}
"""


def configuration(plugins: Iterable[str]) -> str:
    """Return the page for the core and the plugins of these names, which must be installed."""
    schemas = Plugins.discover(allow=plugins).config_schemas()
    composed = compose(core_schema(), schemas)
    properties: Mapping[str, Schema] = composed["properties"]
    own = {key: schema for key, schema in properties.items() if "x-plugin" not in schema}
    page = HEAD + _table("The core", "Keys that are there whatever is installed.", own, composed)
    for name in sorted(schemas):
        keys = {key: schema for key, schema in properties.items() if schema.get("x-plugin") == name}
        page += _table(f"Plugin `{name}`", f"Keys of the distribution `jackfield-{name}`.", keys, composed)
    return page


def _table(title: str, about: str, keys: Mapping[str, Schema], root: Schema) -> str:
    rows = [_row(key, schema) for top, part in keys.items() for key, schema in flattened(top, part, root)]
    return TABLE.format(title=title, about=about, rows="\n".join(rows))


def flattened(key: str, schema: Schema, root: Schema) -> Iterator[tuple[str, Schema]]:
    """Yield a key and all keys within it, each with its schema; `$ref` is looked up in `root`."""
    if "$ref" in schema:
        schema = {**root["$defs"][schema["$ref"].removeprefix("#/$defs/")], **schema}
    yield key, schema
    for name, part in schema.get("properties", {}).items():
        yield from flattened(f"{key}.{name}", part, root)
    items = schema.get("items", {})
    for form in (items, *items.get("anyOf", ())):
        for name, part in form.get("properties", {}).items():
            yield from flattened(f"{key}[].{name}", part, root)


def _row(key: str, schema: Schema) -> str:
    default = schema.get("default")
    shown = "" if isinstance(default, dict) or default is None else f"`{json.dumps(default)}`"
    about = str(schema.get("description", "")).replace("|", "\\|")
    return f"| `{key}` | {_type(schema)} | {shown} | {about} |"


def _type(schema: Schema) -> str:
    """Return what a value may be, in words."""
    if "enum" in schema:
        told = ", ".join(f"`{json.dumps(value)}`" for value in schema["enum"])
    elif "const" in schema:
        told = f"only `{json.dumps(schema['const'])}`"
    else:
        kinds = schema.get("type", "any")
        told = kinds if isinstance(kinds, str) else " or ".join(kinds)
        told = "list" if told == "array" else "section" if told == "object" else told
    secret = schema.get("x-secret") or schema.get("items", {}).get("x-secret")
    return f"{told}, secret" if secret else told
