"""Checking a document against the composed schema: every finding at once, in sentences people can act on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ...model.errors import Problem
from ..text import paths
from ..text.document import Document, by_line
from . import messages
from .view import Schema, View

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError


@dataclass(frozen=True, slots=True)
class Finding:
    """A problem, the place it is told at, and the place to leave out so that the rest can still be looked at."""

    problem: Problem
    path: paths.Path
    drop: paths.Path


def validate(document: Document, schema: Schema) -> list[Problem]:
    """Return everything in which the document does not follow the schema, in the order of the file.

    A top-level mapping or list that no plugin knows is a warning unless `plugins.strict` is set; all else is an error.
    """
    return by_line(finding.problem for finding in findings(document, schema))


def findings(document: Document, schema: Schema) -> list[Finding]:
    """Return the same as `validate`, with the places in a form for programs."""
    view = View.of(schema)
    strict = is_strict(document)
    found = [_missing(document, key, strict) for key in missing_sections(document, schema)]
    sections = {finding.path for finding in found}
    for error in _validator(schema).iter_errors(document.data):
        found += [each for each in _explain(document, view, error) if each.path not in sections]
    return list(dict.fromkeys(found))


def missing_sections(document: Document, schema: Schema) -> tuple[str, ...]:
    """Return the top-level keys that look like sections of plugins that are not there."""
    known = schema["properties"]
    return tuple(
        key
        for key, value in document.data.items()
        if key not in known and isinstance(value, (dict, list)) and not messages.nearest(key, known)
    )


def is_strict(document: Document) -> bool:
    """Return True when the document asks for `plugins.strict`."""
    plugins = document.data.get("plugins")
    return isinstance(plugins, dict) and plugins.get("strict") is True


def _validator(schema: Schema) -> Any:
    from jsonschema import Draft202012Validator  # here: what checks nothing need not wait for it
    from referencing import Registry

    # An empty registry: without one, jsonschema would fetch foreign references from the network.
    return Draft202012Validator(schema, registry=Registry())


def _missing(document: Document, key: str, strict: bool) -> Finding:
    message = "no plugin that is installed, enabled and healthy knows this section"
    place: paths.Path = (key,)
    return Finding(document.problem(place, message, messages.plugin_hint(key), warning=not strict), place, place)


def _explain(document: Document, view: View, error: ValidationError) -> Iterator[Finding]:
    """Yield one finding per thing wrong: a jsonschema error may tell of several, or hide them in branches."""
    if error.validator in ("anyOf", "oneOf") and error.context:
        branch = _likely_branch(error)
        if branch:
            for inner in branch:
                yield from _explain(document, view, inner)
            return
    place = tuple(error.absolute_path)
    value_view = view.at(place)
    for said in messages.explain(error, place, value_view):
        path = (*place, *said.below)
        yield Finding(document.problem(path, said.message, said.fix), path, path if said.inside else place)


def _likely_branch(error: ValidationError) -> list[ValidationError]:
    """Return the errors of the alternative that was most likely meant; none when none takes the value's type."""
    branches: dict[Any, list[ValidationError]] = {}
    for inner in error.context or ():
        branches.setdefault(inner.schema_path[0], []).append(inner)
    meant = [errors for errors in branches.values() if not any(_wrong_form(inner) for inner in errors)]
    return min(meant, key=len, default=[])


def _wrong_form(error: ValidationError) -> bool:
    return not error.path and error.validator in ("type", "const", "enum")
