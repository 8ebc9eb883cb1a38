"""Which keys of the configuration have a route of their own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from jackfield.api import Section

OF_THE_CORE = ("api-keys", "debug", "request-log")
"""The keys of the core that have one; of plugins every key has."""

FIXED = ("config", "config.yaml", "health", "models", "openapi.json", "plugins", "providers", "reset-cooldown")
"""The names of the other routes: a plugin's key of such a name has none."""


def routed(sections: Mapping[str, Section]) -> Iterator[Section]:
    """Yield the sections that have a route: a mapping, a list, or true or false."""
    for section in sections.values():
        named = section.plugin or section.key in OF_THE_CORE
        if named and section.key not in FIXED and section.kind in ("object", "array", "boolean"):
            yield section
