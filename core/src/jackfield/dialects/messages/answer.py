"""The Messages answer as one JSON object: the aggregate of the same parts that are streamed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson

from ...model.errors import Kind, UpstreamError
from ...responses.sse import Event
from ..length import TokenLimit
from .answer_parts import Broken, Close, End, Grow, Growth, Open, Part
from .composer import Composer
from .context import MessagesContext
from .outcome import message
from .tool_input import parse_input

_WHOLE = frozenset({"end_turn", "tool_use", "stop_sequence"})


class MessagesCollector:
    """Collects one whole answer."""

    def __init__(self, context: MessagesContext) -> None:
        self._context = context
        self._composer = Composer(context)
        self._blocks: list[_Block] = []
        self._end: End | Broken | None = None

    def served_by(self, maker: str, limit: int = 0) -> None:
        """Name the upstream that serves, for the signatures of its reasoning; to be called before the first `feed`."""
        self._composer.maker = maker
        self._composer.limit = TokenLimit(limit) if limit else None

    @property
    def done(self) -> bool:
        """True when nothing more needs to be read."""
        return self._end is not None

    def feed(self, events: Sequence[Event]) -> None:
        """Take in events."""
        for part in self._composer.feed(events):
            self._take(part)

    def _take(self, part: Part) -> None:
        if isinstance(part, Grow):
            self._blocks[-1].pieces.append(part)
        elif isinstance(part, Open):
            self._blocks.append(_Block(part))
        elif not isinstance(part, Close):
            self._end = part

    def result(self) -> bytes:
        """Return the message as JSON. Raises UpstreamError when the answer failed or is not complete."""
        end = self._end
        if end is None:
            raise UpstreamError(Kind.STREAM_CUT, "the upstream's stream ended before the answer was complete")
        if isinstance(end, Broken):
            raise end.error
        cut = end.stop_reason not in _WHOLE
        content = [block.render(cut) for block in sorted(self._blocks, key=lambda block: block.position)]
        return orjson.dumps(message(self._context, content, end))


class _Block:
    """A block and what it grew by."""

    def __init__(self, part: Open) -> None:
        self.position = part.position
        self.pieces: list[Grow] = []
        self._start = part.block

    def render(self, cut: bool) -> dict[str, Any]:
        """Return the complete block. `cut`: the answer was cut short, so an input may be half."""
        block = dict(self._start)
        for growth in (Growth.TEXT, Growth.THINKING, Growth.SIGNATURE):
            if growth.value[1] in block:
                block[growth.value[1]] = self._joined(growth)
        if "input" in block:
            block["input"] = parse_input(self._joined(Growth.JSON), cut=cut)
        if citations := [piece.value for piece in self.pieces if piece.by is Growth.CITATION]:
            block["citations"] = citations
        return block

    def _joined(self, growth: Growth) -> str:
        return "".join(piece.value for piece in self.pieces if piece.by is growth)
