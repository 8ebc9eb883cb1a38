"""Names of a module that are imported when they are first asked for, so that nobody waits for what nobody uses."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from importlib import import_module
from typing import Any


def later(module: str, homes: Mapping[str, Iterable[str]]) -> Callable[[str], Any]:
    """Return the `__getattr__` of a module: `homes` are the modules that have its names, each with their list.

    A name that was asked for once stands in the module as the others do. For one that is in no list AttributeError is
    raised, as it is where there is no `__getattr__`. Type checkers want the same imports under TYPE_CHECKING.
    """
    places = {name: home for home, names in homes.items() for name in names}

    def find(name: str) -> Any:
        if (home := places.get(name)) is None:
            raise AttributeError(f"module {module!r} has no attribute {name!r}")
        value = getattr(import_module(home), name)
        setattr(sys.modules[module], name, value)
        return value

    return find
