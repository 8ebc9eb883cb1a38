"""What a plugin is handed to announce itself with. Each one knows who is speaking and refuses a second claimant."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..model.errors import PluginError
from ..model.types import Model, ModelDefaults
from ..routing.registry import ModelSet
from .host import ExecutorFactory

if TYPE_CHECKING:
    from quart import Blueprint

    from ..responses.verdicts.relay_words import RelayWord


class Claims:
    """Remember which plugin claimed a name first."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._owners: dict[str, str] = {}

    def take(self, name: str, plugin: str) -> None:
        """Claim `name` for `plugin`. Raises PluginError naming both when another holds it."""
        owner = self._owners.setdefault(name, plugin)
        if owner != plugin:
            raise PluginError(f"{self._what} {name!r} is claimed by plugin {plugin!r}, but {owner!r} has it already")

    def owner(self, name: str) -> str:
        """Return the plugin that has `name`. Raises KeyError when nobody has."""
        return self._owners[name]


class ExecutorRegistrar:
    """Collects the executor of each provider."""

    def __init__(self, plugin: str, claims: Claims, factories: dict[str, ExecutorFactory]) -> None:
        self._plugin = plugin
        self._claims = claims
        self._factories = factories

    def add(self, provider: str, factory: ExecutorFactory) -> None:
        """Let `factory(host)` make the executor of `provider`. Raises PluginError if another plugin has it."""
        self._claims.take(provider, self._plugin)
        self._factories[provider] = factory


class ModelRegistrar:
    """Collects the models of each provider."""

    def __init__(self, sets: dict[str, ModelSet]) -> None:
        self._sets = sets

    def add(
        self,
        provider: str,
        models: Iterable[Model],
        *,
        patterns: Sequence[str] = (),
        defaults: ModelDefaults | None = None,
    ) -> None:
        """Add models to `provider`; a name already there is replaced, so that adding twice changes nothing.

        `patterns` are globs (`gpt-*`) of names that are routed there even when no one listed them; `defaults` is what a
        request gets that names no model this proxy knows (`claude-*` on the Messages route), and its effort where it
        names none.
        """
        known = self._sets.get(provider, ModelSet())
        self._sets[provider] = known.extended({model.id: model for model in models}, tuple(patterns), defaults)


class RelayWordRegistrar:
    """Collects what relays call things."""

    def __init__(self, words: list[RelayWord]) -> None:
        self._words = words

    def add(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Add rows in the shape of the configuration's `relay-words`: `{"code": "POOL_BUSY", "verdict": "load"}`.

        They come before the house's own, and after the operator's. Raises PluginError for a row that is none.
        """
        from ..responses.verdicts.relay_words import RelayWord  # here: most plugins have no such words

        for place, row in enumerate(rows):
            try:
                word = RelayWord.of(row)
            except (KeyError, ValueError, TypeError, AttributeError) as error:
                raise PluginError(f"relay words: row {place} is none: {error!r}") from None
            if bool(word.code) == bool(word.phrase):
                raise PluginError(f"relay words: row {place} needs a code or a phrase, and not both")
            self._words.append(word)


class RouteRegistrar:
    """Collects Quart blueprints."""

    def __init__(self, plugin: str, claims: Claims, blueprints: list[Blueprint]) -> None:
        self._plugin = plugin
        self._claims = claims
        self._blueprints = blueprints

    def add(self, blueprint: Blueprint) -> None:
        """Serve the blueprint's routes. The client routes of the core cannot be overridden.

        Raises PluginError if another plugin has a blueprint of that name.
        """
        self._claims.take(blueprint.name, self._plugin)
        self._blueprints.append(blueprint)
