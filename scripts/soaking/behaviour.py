"""What an upstream may do with a request: how one way to answer is described, and the answers that are proper."""

from __future__ import annotations

import gzip
import hashlib
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from random import Random

import brotli
from backports import zstd
from jackfield.model.errors import Kind, Verdict
from jackfield.testing import (
    Close,
    Completed,
    Delay,
    Hang,
    Item,
    Raw,
    Reasoning,
    Script,
    Send,
    Text,
    ToolCall,
    answer,
    json_response,
)

STRANGER = "canary-9999999-ffffffff"
"""What a second answer says that nobody asked for: no client may ever read it."""


@dataclass(frozen=True, slots=True)
class Part:
    """What an upstream is to say: its text, the arguments of the call that follows (None: no call), who is asked.

    `key` is the one that the request came with; faults repeat it, as some services do.
    """

    text: str
    arguments: Mapping[str, str] | None
    model: str
    key: str
    random: Random

    @property
    def items(self) -> list[Item]:
        """The items of the answer."""
        said: list[Item] = [Reasoning(("Thinking of it.",))] if len(self.text) % 5 == 0 else []
        said.append(Text(self.text))
        return said if self.arguments is None else [*said, ToolCall("note", dict(self.arguments))]

    @property
    def whole(self) -> Script:
        """The answer from beginning to end."""
        return self.ended()

    def ended(self, end: Completed | None = None) -> Script:
        """Return the answer with another end, under an id that no other answer has: each is remembered by itself."""
        name = hashlib.sha256(self.text.encode()).hexdigest()[:32]
        return answer(*self.items, end=end or Completed(), model=self.model, response_id=f"resp_{name}")

    @property
    def place(self) -> int:
        """A number of events after which something was said and something is missing."""
        return self.random.randrange(6, len(self.whole.events) - 2)


@dataclass(frozen=True, slots=True)
class Behaviour:
    """One way to answer. `kinds` are the failures that it may be to a client; none: the answer comes whole.

    `codes` are the upstream's own codes, which may travel in the place of ours. `about` is what the failure says
    something about, where its kind alone does not tell. `begun`: it comes behind the beginning of an answer, which the
    client may have seen. `full`: the upstream serves as much as it can, and may be asked again by the same request.
    `lingers`: it goes on after its end, for which it has a second. `mute`: it ends without a byte, as a kept connection
    does that had ended before.
    """

    name: str
    play: Callable[[Part], Script]
    kinds: frozenset[Kind] = frozenset()
    codes: frozenset[str] = frozenset()
    about: Verdict | None = None
    begun: bool = False
    full: bool = False
    lingers: bool = False
    mute: bool = False

    @property
    def verdict(self) -> Verdict | None:
        """What the failure says something about; None for an answer that comes whole."""
        return self.about or next((kind.verdict for kind in self.kinds), None)

    @property
    def final(self) -> bool:
        """True when nobody else may be asked afterwards: the request itself is at fault."""
        return self.verdict is Verdict.REQUEST and Kind.FORBIDDEN not in self.kinds

    @property
    def filtered(self) -> bool:
        """True when one other provider may be asked afterwards, and no more: a filter in front of this one."""
        return self.verdict is Verdict.REQUEST and Kind.FORBIDDEN in self.kinds


_CODINGS: Mapping[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "deflate": zlib.compress,
    "br": brotli.compress,
    "zstd": zstd.compress,
}


def _coded(part: Part) -> Script:
    """Return the answer in a content coding that nobody asked for, in pieces."""
    name = part.random.choice(list(_CODINGS))
    data = _CODINGS[name](part.whole.body)
    return Script((Send(data),), headers={"content-encoding": name}).rechunked(1 + part.random.randrange(200))


def _half_a_character(part: Part) -> Script:
    torn = b'data: {"type":"response.new_thing","words":"\xe4\xb8"}\n\n'
    half = b'data: {"type":"response.new_thing","words":"\\ud83d"}\n\n'
    return part.whole.after(part.place, Send(torn), Send(half))


def _with_a_second_answer(part: Part) -> Script:
    """Return the answer with another one behind it, and leave the connection open as if nothing were wrong."""
    second = f"HTTP/1.1 200 OK\r\ncontent-length: {len(STRANGER)}\r\n\r\n{STRANGER}"
    return part.whole.then(Raw(f"0\r\n\r\n{second}".encode()), part.random.choice((Close(), Hang())))


def _with_a_flood_of_comments(part: Part) -> Script:
    flood = Send(b": still here\n\n" * part.random.randrange(500, 5000))
    return part.whole.first(flood).after(part.place, flood)


_PROPER = (
    Behaviour("whole", lambda part: part.whole),
    Behaviour("slow", lambda part: part.whole.paced(part.random.uniform(0.005, 0.12))),
    Behaviour("in pieces of 7 bytes", lambda part: part.whole.rechunked(7)),
    Behaviour("with CRLF and comments", lambda part: part.whole.styled(newline="\r\n").commented()),
    Behaviour("without event names", lambda part: part.whole.styled(named=False)),
    Behaviour("with a line of text", lambda part: part.whole.after(part.place, Send(b"data: one moment\n\n"))),
    Behaviour("as one document", lambda part: json_response(part.whole)),
    Behaviour("without output", lambda part: part.ended(Completed(output="empty"))),
    Behaviour("then closed", lambda part: replace(part.whole, keep_alive=False)),
    Behaviour("in a content coding", _coded),
    Behaviour("with half a character", _half_a_character),
    Behaviour("with a second answer behind it", _with_a_second_answer, lingers=True),
    Behaviour("with a flood of comments", _with_a_flood_of_comments),
    Behaviour("without an end after its end", lambda part: part.whole.then(Delay(0.01), Hang()), lingers=True),
)

PROPER: Mapping[str, Behaviour] = {each.name: each for each in _PROPER}
"""Answers that reach the client whole, however odd they look on the wire."""
