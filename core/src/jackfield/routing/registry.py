"""Which providers serve a model. Immutable: a reload builds a new one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase

from ..model.types import Model, ModelDefaults

EFFORT_SUFFIXES = ("minimal", "low", "medium", "high", "xhigh")
"""Endings that a name outside every list may carry. Not `max`: real models end in it."""
ROUTES_KEPT = 256
LONGEST_KEPT = 200
"""Routes that need not be looked for again, and the characters that the name of one may have."""


@dataclass(frozen=True, slots=True)
class ModelSet:
    """What one provider offers: listed models, patterns of names it takes unlisted, its defaults."""

    models: Mapping[str, Model] = field(default_factory=dict)
    patterns: tuple[str, ...] = ()
    defaults: ModelDefaults | None = None

    def extended(
        self, models: Mapping[str, Model], patterns: tuple[str, ...], defaults: ModelDefaults | None
    ) -> ModelSet:
        """Return this set with more in it; the newer wins."""
        merged = tuple(dict.fromkeys((*self.patterns, *patterns)))
        return ModelSet({**self.models, **models}, merged, defaults or self.defaults)

    def find(self, name: str) -> Model | None:
        """Return the model of that name if it is listed."""
        return self.models.get(name)

    def match(self, name: str) -> Model | None:
        """Return a model for an unlisted name that fits a pattern; an effort suffix is taken off and kept apart."""
        if not any(fnmatchcase(name, pattern) for pattern in self.patterns):
            return None
        base, _, suffix = name.rpartition("-")
        if base and suffix in EFFORT_SUFFIXES:
            return Model(name, upstream=base, effort=suffix)
        return Model(name)


@dataclass(frozen=True, slots=True)
class Route:
    """Where a name leads: the registered id, and for each provider the model as that provider knows it.

    `guesses` are those whose patterns fit a name that others list: perhaps they have it, so they are asked after those.
    """

    model: str
    providers: Mapping[str, Model]
    defaults: Mapping[str, ModelDefaults | None]
    guesses: Set[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Registry:
    """Models by provider, of the providers that have a usable credential."""

    sets: Mapping[str, ModelSet] = field(default_factory=dict)
    _routes: dict[str, Route] = field(default_factory=dict, init=False, repr=False, compare=False)
    """Those that were asked for; names come from clients, so it is bounded."""

    def usable(self, providers: Set[str]) -> Registry:
        """Return the registry of these providers alone."""
        return replace(self, sets={name: found for name, found in self.sets.items() if name in providers})

    @property
    def providers(self) -> list[str]:
        """Providers with at least one model or pattern, sorted."""
        return sorted(name for name, found in self.sets.items() if found.models or found.patterns)

    def models(self, provider: str | None = None) -> list[tuple[Model, list[str]]]:
        """Return the listed models by id, each with the providers that have it; those of one `provider` if named."""
        by_id: dict[str, tuple[Model, list[str]]] = {}
        for name in sorted(self.sets):
            for model in self.sets[name].models.values():
                by_id.setdefault(model.id, (model, []))[1].append(name)
        rows = (row for row in by_id.values() if provider is None or provider in row[1])
        return sorted(rows, key=lambda row: row[0].id)

    def resolve(self, name: str) -> Route | None:
        """Return the route of a model name; `provider/model` pins the provider. None: nobody serves it.

        A listed name is taken whole, though it may begin like a pin.
        Providers that list the name come first, those whose patterns fit it behind them.
        """
        known = self._routes.get(name)
        if known is None and (known := self._resolved(name)) is not None and len(name) <= LONGEST_KEPT:
            if len(self._routes) >= ROUTES_KEPT:
                self._routes.clear()
            self._routes[name] = known
        return known

    def _resolved(self, name: str) -> Route | None:
        pin, slash, rest = name.partition("/")
        if slash and pin in self.sets and not any(found.find(name) for found in self.sets.values()):
            return self._route(rest, (pin,))
        return self._route(name, self.sets)

    def fallback(self) -> Route | None:
        """Return the route to the providers' own default models, for a name of another vendor."""
        providers = {
            name: found.find(found.defaults.model) or Model(found.defaults.model)
            for name, found in self.sets.items()
            if found.defaults is not None
        }
        if not providers:
            return None
        return self._with_defaults(next(iter(providers.values())).id, providers)

    def _route(self, name: str, providers: Iterable[str]) -> Route | None:
        chosen = tuple(providers)
        lists = {provider: model for provider in chosen if (model := self.sets[provider].find(name))}
        rest = (provider for provider in chosen if provider not in lists)
        fits = {provider: model for provider in rest if (model := self.sets[provider].match(name))}
        found = {**lists, **fits}
        return self._with_defaults(name, found, frozenset(fits if lists else ())) if found else None

    def _with_defaults(self, name: str, providers: Mapping[str, Model], guesses: Set[str] = frozenset()) -> Route:
        return Route(name, providers, {provider: self.sets[provider].defaults for provider in providers}, guesses)
