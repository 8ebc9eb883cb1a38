"""One top-level key of a configuration: what it says, and what it would say after a change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from ..model.errors import ConfigError, Problem
from .masking import Unmasking, hidden, masked_places, name_of, partners, unfounded
from .schema.defaults import filled
from .schema.view import Schema, View, is_list, is_map
from .text import edit, paths
from .text.compare import same
from .text.document import Document


@dataclass(frozen=True, slots=True)
class Section:
    """A top-level key: `kind` is its JSON type ("" where it may be several), `plugin` whose it is ("" for the core).

    Data is as the file has it: secrets may be references, defaults may be left out. What `shown` gives is complete and
    has no secret in it; `replaced` and `patched` take it back.
    """

    key: str
    kind: str
    plugin: str
    view: View

    @classmethod
    def all(cls, schema: Schema) -> dict[str, Self]:
        """Return every section of a composed schema, by key."""
        root = View.of(schema)
        return {
            key: cls(key, _kind(root.key(key)), str(part.get("x-plugin", "")), root.key(key))
            for key, part in schema["properties"].items()
        }

    @property
    def read_only(self) -> tuple[str, ...]:
        """The keys inside it that tell something and cannot be set."""
        named = self.view.keys()
        return tuple(key for key in named if self.view.key(key).said("readOnly"))

    def written(self, document: Document) -> Any:
        """Return what the file says; None where it says nothing."""
        return document.data.get(self.key)

    def shown(self, document: Document) -> Any:
        """Return the section with every default filled in and every secret masked."""
        value = document.data[self.key] if self.key in document.data else self.view.said("default")
        return hidden(filled(value, self.view), self.view)

    def replaced(self, document: Document, new: Any) -> Any:
        """Return what the file shall say for the section to be `new`. Raises ConfigError for a mask without a value."""
        old = self.written(document)
        return _trimmed(self._restored(new, old), old, self.view)

    def patched(self, document: Document, patch: Any) -> Any:
        """Return the same where `patch` tells only what changes.

        Mappings are merged; null takes a key back to its default; items with a `name` are merged with the one of that
        name, or added; an empty list clears; any other list is replaced. Raises ConfigError as `replaced`.
        """
        old = self.written(document)
        return _trimmed(_merged(old, self._restored(patch, old), self.view), old, self.view)

    def rewritten(self, text: str, value: Any) -> str:
        """Return a file's text in which the section says `value`. Raises ConfigError, or EditError."""
        return edit.rewritten(text, self.key, value)

    def with_entries(self, document: Document, new: Sequence[Any]) -> list[Any]:
        """Return what the file shall say for a list to have these entries too; those it has are not added again."""
        old = self.written(document)
        old = old if is_list(old) else []
        restored = self._restored([*([None] * len(old)), *new], old)[len(old) :]
        fresh = _trimmed(restored, [], self.view)
        return [*old, *(item for index, item in enumerate(fresh) if item not in old and item not in fresh[:index])]

    def with_entry(self, document: Document, index: int, patch: Any) -> list[Any]:
        """Return what the file shall say for the entry of a list to be patched, which must be there."""
        old = list(self.written(document))
        view = self.view.item(index)
        unmasked = self._restored(patch, old[index], view, (self.key, index))
        old[index] = _trimmed(_merged(old[index], unmasked, view), old[index], view)
        return old

    def masks(self, document: Document) -> list[Problem]:
        """Return the problem of every secret that a document writes as secrets are shown."""
        return [unfounded(path) for path in masked_places(self.written(document), self.view, (self.key,))]

    def holds(self, problem: Problem) -> bool:
        """Return True when a problem lies in this section."""
        return problem.path == self.key or problem.path.startswith((f"{self.key}.", f"{self.key}["))

    def _restored(self, new: Any, old: Any, view: View | None = None, path: paths.Path = ()) -> Any:
        unmasking = Unmasking()
        restored = unmasking.restored(new, old, view or self.view, path or (self.key,))
        if unmasking.problems:
            raise ConfigError(unmasking.problems, f"invalid {self.key} configuration")
        return restored


def _kind(view: View) -> str:
    kind = view.said("type")
    return kind if isinstance(kind, str) else ""


def _merged(old: Any, patch: Any, view: View) -> Any:
    if is_map(patch):
        return _merged_map(old if is_map(old) else {}, patch, view)
    if is_list(patch) and is_list(old) and patch and view.item(0).key("name").schemas:
        return _merged_list(old, patch, view)
    return patch


def _merged_map(old: Mapping[str, Any], patch: Mapping[str, Any], view: View) -> dict[str, Any]:
    result = dict(old)
    known = view.keys()
    for key, value in patch.items():
        if value is None and (key in result or key in known):
            result.pop(key, None)
        else:
            result[key] = _merged(result.get(key), value, view.key(key))
    return result


def _merged_list(old: Any, patch: Any, view: View) -> list[Any]:
    """Return the old items, changed by those of the same name, and then the others of the patch."""
    result = list(old)
    places = {name: index for index, item in enumerate(old) if (name := name_of(item)) is not None}
    for item in patch:
        index = places.pop(name_of(item) or "", None)
        if index is None:
            result.append(item)
        else:  # the name stays as it is spelt in the file
            result[index] = _merged_map(old[index], {**item, "name": old[index]["name"]}, view.item(index))
    return result


def _trimmed(new: Any, old: Any, view: View) -> Any:
    """Return `new` without what goes without saying: defaults that the file leaves out, and read-only keys."""
    if is_map(new):
        return _trimmed_map(new, old if is_map(old) else {}, view)
    if is_list(new):
        former = partners(new, old if is_list(old) else [], view)
        return [_trimmed(item, former[index], view.item(index)) for index, item in enumerate(new)]
    return new


def _trimmed_map(new: Mapping[str, Any], old: Mapping[str, Any], view: View) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    for key, value in new.items():
        inner = view.key(key)
        trimmed = _trimmed(value, old.get(key), inner)
        if inner.said("readOnly"):
            kept.update({key: old[key]} if key in old else {})
        elif key in old or not _is_default(trimmed, inner):
            kept[key] = trimmed
    return kept


def _is_default(value: Any, view: View) -> bool:
    """Return True when leaving the key out says the same; 1 is not true, and 1.0 not 1."""
    if not any("default" in schema for schema in view.schemas):
        return False
    return same(value, view.said("default"))
