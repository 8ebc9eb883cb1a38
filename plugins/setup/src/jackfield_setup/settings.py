"""A client's settings as text, and what they become when the proxy's lines are merged into them.

Mappings are merged key by key; a list entry takes the place of one with the same `name`, `id` or `model_id`, and is
added where it is not there yet.
What else stands there stays. TOML and YAML keep their comments; JSON has none to lose.
"""

from __future__ import annotations

import io
import json
import tomllib
from collections.abc import Callable
from typing import Any

import tomlkit
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from tomlkit.exceptions import ParseError

from .clients import Format
from .site import SetupError

_MARK = "\ufeff"
_NAMES = ("name", "id", "model_id")


def written(settings: Any, form: Format) -> str:
    """Return settings as a file of their own."""
    return merged("", settings, form)


def merged(text: str, settings: Any, form: Format) -> str:
    """Return a file's text with the settings in it; as it is where they are there already.

    Its byte order mark and its ends of lines stay. Raises SetupError for a text that cannot be read.
    """
    mark = _MARK if text.startswith(_MARK) else ""
    old = text.removeprefix(_MARK).replace("\r\n", "\n")
    try:
        new = _FORMS[form](old, settings)
        if old.strip() and _READERS[form](old) == _READERS[form](new):
            return text
        return mark + (new.replace("\n", "\r\n") if "\r\n" in text else new)
    except (ParseError, YAMLError, ValueError) as error:
        said = " ".join(str(error).split())
        raise SetupError(f"it is not {form.upper()} that can be changed without loss: {said}") from None


def _toml(text: str, settings: Any) -> str:
    document = tomlkit.parse(text)
    # Plain keys of the top level must stand above the first table.
    tables = {key: value for key, value in settings.items() if isinstance(value, dict)}
    plain = list(settings.items())
    for key, value in reversed(plain) if text else plain:  # in a file, each is put above the last
        if key in tables:
            continue
        if key in document or not text:
            document[key] = value
        else:
            text = tomlkit.dumps({key: value}) + tomlkit.dumps(document)
            document = tomlkit.parse(text)
    _merge(document, tables)
    return tomlkit.dumps(document)


def _json(text: str, settings: Any) -> str:
    data = json.loads(text) if text.strip() else type(settings)()
    if not isinstance(data, type(settings)):
        raise ValueError(f"it holds a {type(data).__name__}")
    return json.dumps(_merge(data, settings), indent=2, ensure_ascii=False) + "\n"


def _yaml(text: str, settings: Any) -> str:
    yaml = YAML()
    yaml.preserve_quotes = True
    data = yaml.load(text) if text.strip() else None
    data = type(settings)() if data is None else data
    if not isinstance(data, type(settings)):
        raise ValueError(f"it holds a {type(data).__name__}")
    stream = io.StringIO()
    yaml.dump(_merge(data, settings), stream)
    return stream.getvalue()


def _merge(old: Any, new: Any) -> Any:
    """Put `new` into `old` and return it."""
    if isinstance(new, dict) and isinstance(old, dict):
        for key, value in new.items():
            old[key] = _merge(old[key], value) if key in old else value
        return old
    if isinstance(new, list) and isinstance(old, list):
        for entry in new:
            place = next((at for at, each in enumerate(old) if _named(each) == _named(entry) is not None), None)
            if place is not None:
                old[place] = entry
            elif entry not in old:
                old.append(entry)
        return old
    return new


def _named(entry: Any) -> Any:
    return next((entry[name] for name in _NAMES if name in entry), None) if isinstance(entry, dict) else None


_FORMS: dict[Format, Callable[[str, Any], str]] = {"toml": _toml, "json": _json, "yaml": _yaml}
_READERS: dict[Format, Callable[[str], Any]] = {
    "toml": tomllib.loads,
    "json": json.loads,
    "yaml": lambda text: YAML(typ="safe").load(text),
}
