"""What relays call things: one table of their codes and phrases, each with what it says something about.

The house's own rows are data (`relay_words.json`); operators and plugins add rows in the same shape, which come first.
A code is compared whole and without case, `insufficientBalance` like `INSUFFICIENT_BALANCE`; a phrase stands anywhere
in the words of an error, from the beginning of a word on.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import cached_property
from pathlib import Path
from typing import Any

import orjson

from ...model.errors import Kind, Verdict

IN_STREAM = 200
"""The status of a failure that has none: an event of a stream, an error in an answer of status 200."""

GAP = 40
"""Characters that a `*` in a phrase may stand for, at most: enough for a name, too few for another sentence."""

_ANY = frozenset(range(IN_STREAM, 600))
_FIVE = range(500, 600)
_PHRASES: Mapping[Verdict, frozenset[int]] = {
    # A phrase is weaker than a code: at a 400 a relay may repeat what the client sent.
    Verdict.REQUEST: _ANY - {*_FIVE},
    Verdict.CLIENT: frozenset({IN_STREAM, 401, 403}),
    Verdict.KEY: frozenset({IN_STREAM, 401, 402, 403}),
    Verdict.ACCOUNT: frozenset({IN_STREAM, 401, 402, 403, 429, *_FIVE}),
    Verdict.MODEL: frozenset({IN_STREAM, 400, 401, 403, 404, *_FIVE}),
    Verdict.LOAD: frozenset({IN_STREAM, 401, 403, 429, *_FIVE}),
    Verdict.UPSTREAM: _ANY - {401, 402, 403},
    Verdict.OURSELVES: frozenset(),
}
_SIZES = frozenset({Kind.CONTEXT_LENGTH, Kind.TOO_LARGE})
_OUTRANKS_5XX = frozenset({Verdict.ACCOUNT, Verdict.MODEL, Verdict.LOAD, Verdict.UPSTREAM})

_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])")
_JOINTS = re.compile(r"[\s_\-.:/]+")
_CLIENT = r"(?P<client>[\w.+-]+(?: [\w.+-]+)??)"


@dataclass(frozen=True)
class RelayWord:
    """One row: a `code` or a `phrase`, and what it says something about.

    `*` stands for anything in a code, and for up to 40 characters in a phrase; `{client}` in a phrase is the name of
    the client that is served, which is told; `client` says it where the words do not. `kind` is how it is told to
    clients (None: as its verdict and the status say). `statuses` are those it counts at, 200 for streams; empty: where
    words of its verdict count. `any_status` lets a phrase count everywhere. `weak` rows are what generic codes say:
    they count where nothing else is said. `full` and `setting` narrow the verdicts load and client; `told_as` is the
    code that the client gets. `seen` names the software it was seen at, `example` a message that it stands in.
    """

    verdict: Verdict
    code: str = ""
    phrase: str = ""
    kind: Kind | None = None
    statuses: frozenset[int] = frozenset()
    any_status: bool = False
    weak: bool = False
    full: bool = False
    setting: bool = False
    client: str = ""
    told_as: str = ""
    seen: tuple[str, ...] = field(default=(), compare=False)
    example: str = field(default="", compare=False)

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> RelayWord:
        """Return the row out of its JSON shape, as checked. Raises KeyError, ValueError, TypeError."""
        rest = {name.replace("-", "_"): value for name, value in row.items()}
        rest["verdict"] = Verdict(rest["verdict"])
        rest["kind"] = Kind(rest["kind"]) if rest.get("kind") else None
        for name, kind in (("statuses", frozenset), ("seen", tuple)):
            if name in rest:
                rest[name] = kind(rest[name])
        return cls(**rest)

    @property
    def is_size(self) -> bool:
        """True when it says that the request is too large, which no status can gainsay."""
        return self.kind in _SIZES

    @property
    def outranks_5xx(self) -> bool:
        """True when it counts beside a 5xx, which otherwise speaks for itself: it does not blame the client."""
        return self.is_size or bool(self.told_as) or self.verdict in _OUTRANKS_5XX

    @property
    def code_statuses(self) -> frozenset[int]:
        """The statuses that its code counts at."""
        return self._narrowed(self.statuses or _ANY)

    @property
    def phrase_statuses(self) -> frozenset[int]:
        """The statuses that it counts at where it stands in the words."""
        return self._narrowed(self.statuses or (_ANY if self.any_status else _PHRASES[self.verdict]))

    def _narrowed(self, statuses: frozenset[int]) -> frozenset[int]:
        return statuses if self.outranks_5xx else statuses - {*_FIVE}

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """The phrase as a pattern: any spaces, hyphens and underscores between its words, no letter before it."""
        return re.compile(_pattern(self.phrase), re.IGNORECASE | re.DOTALL)


def _pattern(phrase: str) -> str:
    # Chinese has no spaces: what begins with one of its characters may follow a letter, as in `gpt-5模型不存在`.
    parts: list[str] = [r"(?<![a-z0-9])" if phrase[:1].isascii() else ""]
    for word in phrase.split():
        if len(parts) > 1 and not parts[-1].endswith("?"):
            parts.append(r"[\s_\-`'\"]+")
        for place, piece in enumerate(re.split(r"(\*|\{client\})", word)):
            if place % 2:
                parts.append(_CLIENT if piece == "{client}" else f".{{0,{GAP}}}?")
            elif piece:
                parts.append(re.escape(piece))
    return "".join(parts)


def plain(code: str) -> str:
    """Return a code as it is compared: `insufficientBalance`, `Insufficient-Balance` as `insufficient_balance`."""
    return _JOINTS.sub("_", _HUMP.sub("_", code.strip())).lower().strip("_")


@dataclass(frozen=True)
class Found:
    """A row that fits, and the client that the words name as the one that is served ("" where they name none)."""

    word: RelayWord
    client: str = ""


class RelayWords:
    """A table, made ready for looking up. Rows given first win among those of one rank."""

    def __init__(self, words: Iterable[RelayWord]) -> None:
        self.words: Sequence[RelayWord] = tuple(words)
        self._sizes = _Ranked(word for word in self.words if word.is_size or word.told_as)
        self._strong = _Ranked(word for word in self.words if not (word.is_size or word.told_as or word.weak))
        self._weak = _Ranked(word for word in self.words if word.weak)

    def extended(self, words: Iterable[RelayWord]) -> RelayWords:
        """Return a table with these rows in front of those here."""
        return RelayWords((*words, *self.words))

    def find(self, status: int, codes: Sequence[str], mentioned: Sequence[str], text: str) -> Found | None:
        """Return the row that says most: of size, then codes, then words, then what generic codes say.

        `codes` are compared ones (`plain`), the outermost first; `mentioned` are those that stand in the words.
        """
        return (
            self._sizes.by_code(status, codes)
            or self._sizes.by_words(status, mentioned, text)
            or self._strong.by_code(status, codes)
            or self._strong.by_words(status, mentioned, text)
            or self._weak.by_code(status, codes)
        )

    def known(self, code: str) -> RelayWord | None:
        """Return the row of a code, whatever the status."""
        found = next((ranked.row(plain(code)) for ranked in (self._sizes, self._strong, self._weak)), None)
        return found or self._strong.row(plain(code)) or self._weak.row(plain(code))


class _Ranked:
    """The rows of one rank."""

    def __init__(self, words: Iterable[RelayWord]) -> None:
        words = tuple(words)
        self._codes: dict[str, RelayWord] = {}
        for word in reversed(words):
            if word.code and "*" not in word.code:
                self._codes[plain(word.code)] = word
        self._globs = tuple((plain_glob(word.code), word) for word in words if "*" in word.code)
        self._phrases = tuple(word for word in words if word.phrase)

    def row(self, code: str) -> RelayWord | None:
        """Return the row of a code as it is compared: its own, else the first whose pattern it fits."""
        known = self._codes.get(code)
        return known or next((word for glob, word in self._globs if fnmatchcase(code, glob)), None)

    def by_code(self, status: int, codes: Iterable[str]) -> Found | None:
        rows = (self.row(code) for code in codes)
        return next((Found(row, row.client) for row in rows if row and status in row.code_statuses), None)

    def by_words(self, status: int, mentioned: Iterable[str], text: str) -> Found | None:
        rows = (self.row(code) for code in mentioned)
        for row in rows:
            if row and status in row.phrase_statuses:
                return Found(row, row.client)
        return next(self._fitting(status, text), None)

    def _fitting(self, status: int, text: str) -> Iterator[Found]:
        for word in self._phrases:
            if status in word.phrase_statuses and (match := word.pattern.search(text)):
                yield Found(word, word.client or match.groupdict().get("client") or "")


def plain_glob(code: str) -> str:
    """Return a code with `*` in it as it is compared."""
    return "*".join(
        plain(part) if part.strip("_-") == part else _JOINTS.sub("_", part).lower() for part in code.split("*")
    )


def _read() -> RelayWords:
    rows = orjson.loads(Path(__file__).with_suffix(".json").read_bytes())
    return RelayWords(RelayWord.of(row) for row in rows)


BUILT_IN = _read()
"""The house's own table."""

_in_force: ContextVar[RelayWords] = ContextVar("relay_words", default=BUILT_IN)
# Whoever reads a failure may be an executor of a third party, which knows nothing of tables: so the table that is in
# force travels with the request (and its tasks), not through every signature. Two apps in one process do not meet.


def in_force() -> RelayWords:
    """Return the table of the request that is being served."""
    return _in_force.get()


def put_in_force(words: RelayWords) -> None:
    """Let this table count for the rest of the request that is being served, and the tasks that it begins."""
    _in_force.set(words)
