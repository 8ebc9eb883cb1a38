"""Document in, settings out: schema, secrets, the core's rules and the plugins' checks, with every problem at once."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from ..model.errors import ConfigError, Problem
from ..model.secret import Secret
from . import rules
from .schema.defaults import filled
from .schema.messages import without_userinfo
from .schema.prune import pruned
from .schema.validate import missing_sections, validate
from .schema.view import Schema, View
from .secrets import Resolver
from .settings import Settings, build
from .text import paths
from .text.document import Document, by_line

Checks = Callable[[Settings], Iterable[Problem]]


@dataclass(frozen=True, slots=True)
class Loaded:
    """Settings that hold, and what is worth a warning about them."""

    settings: Settings
    warnings: tuple[Problem, ...] = ()


def load(
    document: Document, schema: Schema, checks: Checks | None = None, environ: Mapping[str, str] | None = None
) -> Loaded:
    """Return the settings that a document and the composed schema give.

    `checks` is asked for what plugins find; `env:` secrets are looked up in `environ`, the process's own when None.
    Raises ConfigError with every problem, warnings included, in the order of the file; a plugin's keys are sections
    of it.
    """
    settings, problems = inspect(document, schema, checks, environ)
    if any(not problem.warning for problem in problems):
        owned = (key for key, part in schema["properties"].items() if "x-plugin" in part)
        raise ConfigError(problems, sections=owned)
    return Loaded(settings, tuple(problems))


def inspect(
    document: Document, schema: Schema, checks: Checks | None = None, environ: Mapping[str, str] | None = None
) -> tuple[Settings, list[Problem]]:
    """Return what can be used of a document, and every problem with it: as `load`, but nothing is raised.

    The settings leave out what is faulty; serve with them only when no problem is an error.
    """
    told = {(problem.path, problem.line) for problem in document.problems}
    problems = [
        *document.problems,
        *(each for each in validate(document, schema) if (each.path, each.line) not in told),
    ]
    sound = pruned(document, schema)
    view = View.of(schema)
    resolver = Resolver(document, os.environ if environ is None else environ)
    data = resolver.resolve(filled(sound.data, view), view)
    problems += resolver.problems
    files = tuple(dict.fromkeys(resolver.files))
    settings = build(data, document.path, missing_sections(document, schema), files)
    found = [*rules.check(settings), *(checks(settings) if checks else ())]
    problems += _echo_free(problems, (_placed(document, problem) for problem in found))
    return settings, by_line(problems)


def masked(settings: Settings) -> dict[str, Any]:
    """Return the configuration as plain data in which no secret can be read."""
    return {key: _masked(value) for key, value in settings.data.items()}


def _masked(value: Any) -> Any:
    if isinstance(value, Secret):
        return value.hint() if value else ""
    if isinstance(value, Mapping):
        return {key: _masked(part) for key, part in value.items()}
    if isinstance(value, tuple):
        return [_masked(part) for part in value]
    return without_userinfo(value) if isinstance(value, str) else value


def _placed(document: Document, problem: Problem) -> Problem:
    return problem if problem.line else replace(problem, line=document.line_of(paths.parse(problem.path)))


def _echo_free(told: Iterable[Problem], found: Iterable[Problem]) -> Iterator[Problem]:
    """Yield the findings that are not the mere consequence of one already told: same place, inside or around it."""
    places = [paths.parse(problem.path) for problem in told if problem.path]
    for problem in found:
        causes = (paths.parse(problem.path), *([("api-keys",)] if problem.path == "host" else []))
        if not problem.path or not any(paths.overlap(place, cause) for place in places for cause in causes):
            yield problem
