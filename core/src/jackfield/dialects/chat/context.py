"""What the writer of a Chat answer must know of its request."""

from __future__ import annotations

from dataclasses import dataclass, field

from ..translate.names import NameMap


@dataclass(frozen=True, slots=True)
class ChatContext:
    """Goes from the request to the answer in `Parsed.context`.

    `model` is the name the client asked for and reads in the answer. `names` turns the upstream's tool names into the
    client's own. `stops` end the text at their first match. `include_usage` asks for the chunk with the usage before
    the end of a stream. `legacy` answers in `function_call`, for a client that sent `functions`.
    """

    model: str
    names: NameMap = field(default_factory=NameMap)
    stops: tuple[str, ...] = ()
    include_usage: bool = False
    legacy: bool = False
