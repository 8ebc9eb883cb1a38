"""Which references to secrets (`env:NAME`, `file:/path`) a configuration may gain over the management API.

A reference is read by the server, with the server's rights: who may add any, and a URL of their own beside it, reads
every secret of the machine. So only those pass that the file has at that place already, with the same destination, and
those that the file allows.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ..model.errors import Problem
from ..model.files import expanded
from .masking import REFERENCES
from .schema.view import Schema, View, is_list, is_map
from .text import paths
from .text.document import Document

ALLOWED = ("remote-management", "allowed-references")

_FIX = "write it into the file by hand, or allow it there under remote-management.allowed-references"


@dataclass(frozen=True, slots=True)
class _Reference:
    path: paths.Path
    written: str
    destination: tuple[str, ...]
    """The origins that the entry around it calls, sorted; those of proxies where they can read along."""

    @property
    def place(self) -> tuple[object, ...]:
        """Where it stands, whichever item of a list, and what it says."""
        return (tuple(None if isinstance(step, int) else step for step in self.path), self.written)


def foreign_references(old: Document, new: Document, schema: Schema) -> list[Problem]:
    """Return a problem for each reference in `new` that must not come over the API into a file that says `old`.

    `old` has a say in what is allowed, `new` has none.
    """
    view = View.of(schema)
    before = list(_references(old.data, view))
    places = {each.place for each in before}
    known = {(each.place, each.destination) for each in before}
    allowed = _allowed(old)
    problems = []
    for each in _references(new.data, view):
        if (each.place, each.destination) in known or _fits(each.written, allowed, old.path):
            continue
        moved = "goes to another URL than the file says" if each.place in places else "is none that the file has here"
        problems.append(Problem(paths.text(each.path), f"a reference over the API: {each.written} {moved}", _FIX))
    if more := [each for each in _allowed(new) if each not in allowed]:
        told = f"cannot be widened over the API: {', '.join(more)}"
        problems.append(Problem(".".join(ALLOWED), told, "change it in the file by hand"))
    return problems


def _references(data: Mapping[str, Any], view: View) -> Iterator[_Reference]:
    shared = data.get("proxy-url")
    for key, section in data.items():
        yield from _within(section, view.key(key), (key,), section, str(shared or ""))


def _within(value: Any, view: View, path: paths.Path, entry: Any, proxy: str) -> Iterator[_Reference]:
    """Yield the references in a value; `entry` is the item of a list, or else the section, that it belongs to."""
    if is_map(value):
        for key, part in value.items():
            yield from _within(part, view.key(key), (*path, key), entry, proxy)
    elif is_list(value):
        for index, part in enumerate(value):
            # An item that is a mapping has its own URL; one that is not belongs to what is around the list.
            yield from _within(part, view.item(index), (*path, index), part if is_map(part) else entry, proxy)
    elif isinstance(value, str) and value.startswith(REFERENCES) and (view.secret or not view.schemas):
        yield _Reference(path, value, _destination(entry, proxy))


def _destination(entry: Any, shared: str) -> tuple[str, ...]:
    urls = list(_urls(entry, ""))
    called = sorted({_origin(url) for key, url in urls if "proxy" not in key})
    if called and all(origin.startswith("https://") for origin in called):
        return tuple(called)  # a proxy cannot read along
    proxies = {url for key, url in urls if "proxy" in key} or {shared}
    return (*called, *sorted(proxies - {""}))


def _urls(value: Any, key: str) -> Iterator[tuple[str, str]]:
    if is_map(value):
        for name, part in value.items():
            yield from _urls(part, str(name))
    elif is_list(value):
        for part in value:
            yield from _urls(part, key)
    elif isinstance(value, str) and ("://" in value or "url" in key):
        yield key, value.strip()


def _origin(url: str) -> str:
    try:
        parts = urlsplit(url)
        return f"{parts.scheme.lower()}://{parts.netloc.rpartition('@')[2].lower()}"
    except ValueError:
        return url


def _allowed(document: Document) -> list[str]:
    section = document.data.get(ALLOWED[0])
    found = section.get(ALLOWED[1]) if isinstance(section, dict) else None
    return [each for each in found if isinstance(each, str)] if isinstance(found, list) else []


def _fits(written: str, allowed: list[str], file: Path | None) -> bool:
    reference = _plain(written, file)
    return any(fnmatchcase(reference, _plain(pattern, file)) for pattern in allowed)


def _plain(reference: str, file: Path | None) -> str:
    """Return a reference in its one spelling: a path without `..`, from the root."""
    kind, _, name = reference.partition(":")
    if kind != "file":
        return f"{kind}:{name.strip()}"
    base = file.parent if file else Path()
    return f"file:{os.path.abspath(base / expanded(Path(name.strip())))}"  # noqa: PTH100 - it takes `..` away
