"""Names that clients use for models: those of `model-aliases`, and names with marks of the client's own."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from fnmatch import fnmatchcase

from ..config.settings import ModelAlias
from ..model.types import Model
from .registry import Registry, Route

_MARKS = re.compile(r"\[\d{1,3}[km]\]", re.IGNORECASE)
_PATTERN = re.compile(r"[*?\[]")


def unmarked(name: str) -> str:
    """Return a name without the marks by which clients tell themselves the window: `gpt-5[1m]` is `gpt-5`."""
    return (_MARKS.sub("", name).strip() or name) if "[" in name else name


def aliased(name: str, aliases: Sequence[ModelAlias]) -> tuple[str, str | None]:
    """Return what the first alias that fits makes of an unmarked name, and the effort of that alias."""
    name = unmarked(name)
    for alias in aliases:
        if fnmatchcase(name, alias.match):
            return alias.model, alias.effort or None
    return name, None


def resolve(name: str, registry: Registry, aliases: Sequence[ModelAlias]) -> Route | None:
    """Return the route of a name as a client writes it. None: nobody serves it."""
    return registry.resolve(aliased(name, aliases)[0])


def listed(registry: Registry, aliases: Sequence[ModelAlias]) -> list[Model]:
    """Return the models that a client may choose from, by id: those of the providers, and the aliases that are names.

    A pattern is no name. An alias that leads nowhere is left out; one that hides a model takes its place.
    """
    found: dict[str, Model] = {model.id: model for model, _ in registry.models()}
    for alias in aliases:
        if not _PATTERN.search(alias.match) and (route := resolve(alias.match, registry, aliases)) is not None:
            found[alias.match] = replace(next(iter(route.providers.values())), id=alias.match)
    return [found[name] for name in sorted(found)]
