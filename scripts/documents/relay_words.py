"""The tables of `docs/routing.md`: what a failure says something about, and what relays call things, from the code."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import orjson
from jackfield.model.errors import Kind, Verdict
from jackfield.responses.verdicts.relay_words import BUILT_IN, RelayWord

_TABLES = re.compile(r"(<!-- table: (verdicts|relay words) -->\n).*?(<!-- end -->)", re.DOTALL)

_VERDICTS: Mapping[Verdict, tuple[str, str]] = {
    Verdict.REQUEST: (
        "400, 413, 422; too large at any status; a content policy; a firewall's page; 403 without a word about the key",
        "told (a 403 may try one other provider); nobody rests",
    ),
    Verdict.CLIENT: (
        "401 or 403 whose words speak of the client, of a tier, of instructions",
        "the next provider; else told with the relay's words and ours; nobody rests",
    ),
    Verdict.KEY: (
        "any other 401; 402 or 403 whose code or words name the key",
        "this credential rests for all models",
    ),
    Verdict.ACCOUNT: (
        "402; a plan or quota that is used up, relays' own codes for money",
        "this credential rests for all models, until the reset",
    ),
    Verdict.MODEL: (
        '404 or 400 `model_not_found`; 503 "no channel for this model", which is told as 503',
        "this model rests at this credential; the next provider is asked",
    ),
    Verdict.LOAD: (
        "429; places that are all taken",
        "this model rests at this credential as long as it says; where it is only full, less than a second",
    ),
    Verdict.UPSTREAM: ("5xx, a cut, silence, no connection", "the breaker of this model at this credential"),
    Verdict.OURSELVES: ("no descriptors, no memory, our own limits", "503 of our own; nobody rests"),
}


def page(text: str, root: Path) -> str:
    """Return the text of the page with its tables as the code has them; `root` is the repository."""
    tables = {
        "verdicts": "".join(_verdicts()),
        "relay words": "".join(_words(every(root))),
    }
    return _TABLES.sub(lambda found: found[1] + tables[found[2]] + found[3], text)


def every(root: Path) -> list[RelayWord]:
    """Return the rows of the shipped plugins and the core's, in the order in which they are looked up."""
    return [*_plugins(root), *BUILT_IN.words]


def _plugins(root: Path) -> Iterator[RelayWord]:
    """Yield the rows that shipped plugins bring."""
    for path in sorted(root.glob("plugins/*/src/*/relay_words.json")):
        yield from map(RelayWord.of, orjson.loads(path.read_bytes()))


def _verdicts() -> Iterator[str]:
    yield "| it says something about | such as | consequence | told as |\n|---|---|---|---|\n"
    for verdict in Verdict:
        such, consequence = _VERDICTS[verdict]
        kinds = (kind for kind in Kind if kind.verdict is verdict)
        told = ", ".join(dict.fromkeys(str(kind.words.status) for kind in kinds)) or "403"
        yield f"| `{verdict.value}` | {such} | {consequence} | {told} |\n"


def _words(words: Iterable[RelayWord]) -> Iterator[str]:
    words = tuple(words)
    yield "| it says something about | told as | codes | words |\n|---|---|---|---|\n"
    for verdict, kind, full in dict.fromkeys((word.verdict, word.kind, word.full) for word in words):
        rows = [word for word in words if (word.verdict, word.kind, word.full) == (verdict, kind, full)]
        about = f"`{verdict.value}`" + (", full" if full else "")
        told = f"`{kind.value}`" if kind else ""
        codes = ", ".join(f"`{word.code}`" for word in rows if word.code)
        phrases = ", ".join(_shown(word.phrase) for word in rows if word.phrase)
        yield f"| {about} | {told} | {codes} | {phrases} |\n"


def _shown(phrase: str) -> str:
    """Return a phrase as people read it: what its gaps leave out is an ellipsis."""
    return f'"{phrase.replace("* ", " … ").replace("{client}", "…")}"'
