"""Changing a configuration's text without losing what people wrote: comments, order, quoting stay."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cache
from io import StringIO
from typing import TYPE_CHECKING, Any

import yaml as reading

from ...model.errors import ConfigError, JackfieldError
from .compare import continued, same
from .insert import grafted
from .reader import Content, read
from .remove import cut, says

if TYPE_CHECKING:
    from ruamel.yaml.representer import RoundTripRepresenter

_RESOLVER = reading.resolver.Resolver()
_TEXT = "tag:yaml.org,2002:str"
_ORDINARY = re.compile(r"[ -~\u00a0-\u2027\u202a-\ud7ff\ue000-\ufefe]*")


@cache
def _representer() -> type[RoundTripRepresenter]:
    """Return the class that writes what YAML 1.1, which is what is read, and YAML 1.2 both understand."""
    from ruamel.yaml.representer import RoundTripRepresenter  # here: who changes nothing need not wait for it

    class Representer(RoundTripRepresenter):
        pass

    Representer.add_representer(float, _represent_float)
    return Representer


def _represent_float(representer: RoundTripRepresenter, value: float) -> Any:
    text = reading.safe_dump(value).split("\n")[0]
    return representer.represent_scalar("tag:yaml.org,2002:float", text)


class EditError(JackfieldError):
    """The text is written in a way that a program cannot change without changing more; people can."""


def edited(text: str, change: Callable[[dict[str, Any]], None]) -> str:
    """Return the text after `change` was applied to its top-level mapping. The text must be valid YAML."""
    from ruamel.yaml import YAML
    from ruamel.yaml.comments import CommentedMap

    mapping, offset = _indentation(text)
    yaml = YAML(typ="rt")
    yaml.Representer = _representer()
    yaml.preserve_quotes = True
    yaml.width = 4096  # never fold a line that was not folded
    yaml.indent(mapping=mapping, sequence=offset + 2, offset=offset)
    document = yaml.load(text)
    document = CommentedMap() if document is None else document
    change(document)
    written = StringIO()
    yaml.dump(document, written)
    return written.getvalue()


def _indentation(text: str) -> tuple[int, int]:
    """Return by how many blanks a mapping lies in another, and the dash of a list in its key's mapping."""
    mapping = offset = None
    keys = [0]
    for line in text.splitlines():
        blanks, rest = len(line) - len(line.lstrip(" ")), line.strip()
        if not rest or rest.startswith("#"):
            continue
        if rest == "-" or rest.startswith("- "):
            offset = max(blanks - keys[-1], 0) if offset is None else offset
        else:
            mapping = blanks - keys[-1] if mapping is None and blanks > keys[-1] else mapping
            keys.append(blanks)
    return mapping or 2, offset or 0


def rewritten(text: str, key: str, value: Any) -> str:
    """Return the text with another value at a top-level key; every line that speaks of other keys stays as it is.

    Raises ConfigError when the text is not valid YAML, EditError when it cannot be done without changing more.
    """
    from ruamel.yaml.error import YAMLError

    content = read(text)
    if content.problems:
        raise ConfigError(content.problems)
    if key in content.data and same(content.data[key], value):
        return text
    intended = {**content.data, key: value}
    lean = grafted(cut(text, key, value), key, value, _piece)
    if says(lean, intended):
        return lean
    for base, way in ((lean, _in_its_lines), (text, _in_its_lines), (text, _anywhere), (text, _afresh), (text, _anew)):
        try:
            new = way(base, key, value)
            if says(new, intended):
                return new
        except (YAMLError, ConfigError, LookupError, TypeError, ValueError, AttributeError):
            continue  # what the YAML library cannot do in this way it may do in the next
    raise EditError(f"`{key}` cannot be changed without changing other keys; edit the file by hand")


def _in_its_lines(text: str, key: str, value: Any) -> str:
    """Change nothing but the lines of the key; a new key goes to the end."""
    return _replaced(
        text,
        key,
        lambda old: edited(old, lambda document: merge(document, {key: value})) if old else _fresh(key, value),
    )


def _afresh(text: str, key: str, value: Any) -> str:
    """Write the lines of the key anew, without the comments in them."""
    return _replaced(text, key, lambda _: _fresh(key, value))


def _fresh(key: str, value: Any) -> str:
    return edited("{}", _setting(key, value))


def _replaced(text: str, key: str, write: Callable[[str], str]) -> str:
    """Return the text with other lines for a key: `write` takes its lines ("" when it is new) and returns them."""
    newline = "\r\n" if "\r\n" in text else "\n"
    lines = text.splitlines(keepends=True)
    if len(lines) != text.count("\n") + (not text.endswith("\n") and bool(text)):
        raise ValueError("there are line breaks of other kinds")
    start, end = _lines_of(read(text), key, lines)
    new = write("".join(lines[start:end]).replace("\r\n", "\n"))
    if start and not lines[start - 1].endswith("\n"):
        lines[start - 1] += newline
    return "".join([*lines[:start], new.replace("\n", newline), *lines[end:]])


def _lines_of(content: Content, key: str, lines: list[str]) -> tuple[int, int]:
    """Return the first line of a key (from 0) and the one after its last; comments that follow it are not its own."""
    starts = sorted(line - 1 for path, line in content.lines.items() if len(path) == 1)
    if key not in content.data:
        return len(lines), len(lines)
    start = content.lines[(key,)] - 1
    end = next((line for line in starts if line > start), len(lines))
    while end > start + 1 and re.match(r"#|\s*$|\.\.\.|---", lines[end - 1]):
        end -= 1
    return start, end


def _piece(value: Any) -> str:
    """Return a mapping or a list as YAML lines."""
    if isinstance(value, Mapping):
        [(key, part)] = value.items()
        return _fresh(key, part)
    return _fresh("list", value).partition("\n")[2]


def _setting(key: str, value: Any) -> Callable[[dict[str, Any]], None]:
    def change(document: Any) -> None:
        document.fa.set_block_style()
        document[plain(key)] = plain(value)

    return change


def _anywhere(text: str, key: str, value: Any) -> str:
    return edited(text, lambda document: merge(document, {**document, key: value}))


def _anew(text: str, key: str, value: Any) -> str:
    return edited(text, lambda document: document.update({key: plain(value)}))


def plain(value: Any) -> Any:
    """Return a copy of new data for a YAML document, with text quoted where it would be read as something else."""
    if isinstance(value, Mapping):
        return {plain(key): plain(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, str) and not _reads_as_itself(value):
        from ruamel.yaml.scalarstring import DoubleQuotedScalarString

        return DoubleQuotedScalarString(value)
    return value


def _reads_as_itself(text: str) -> bool:
    resolved = _RESOLVER.resolve(reading.ScalarNode, text, (True, False))  # type: ignore[no-untyped-call]  # not in its stubs
    return resolved == _TEXT and _ORDINARY.fullmatch(text) is not None


def merge(old: dict[str, Any], new: Mapping[str, Any]) -> None:
    """Make `old` say what `new` says, keeping what is equal as it is written, with its comments.

    Lists of objects with a `name` are merged entry by entry; other lists are replaced when they differ.
    """
    for key in [key for key in old if key not in new]:
        del old[key]
    for key, value in new.items():
        if key in old:
            old[key] = _merged(old[key], value)
        else:
            old[plain(key)] = plain(value)


def _merged(old: Any, new: Any) -> Any:
    if isinstance(old, dict) and isinstance(new, Mapping) and old and new:
        merge(old, new)
        return old
    if isinstance(old, list) and isinstance(new, (list, tuple)) and old and new:
        return _merged_list(old, list(new))
    return old if same(old, new) else plain(new)


def _merged_list(old: list[Any], new: list[Any]) -> list[Any]:
    """Change a list in place, so that the comments of the entries that stay are kept."""
    pairs = continued(old, new)
    kept = [_merged(old[pairs[index]], entry) if index in pairs else plain(entry) for index, entry in enumerate(new)]
    stay = [pairs[index] for index in sorted(pairs)]
    if stay != sorted(stay):
        return kept  # in another order
    for index in reversed(range(len(old))):
        if index not in stay:
            del old[index]
    for index, entry in enumerate(kept):
        if index not in pairs:
            old.insert(index, entry)
        elif old[index] is not entry:
            old[index] = entry
    return old
