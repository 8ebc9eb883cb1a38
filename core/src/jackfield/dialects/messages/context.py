"""What the writer of a Messages answer must know of its request."""

from __future__ import annotations

from collections.abc import Callable, Container
from dataclasses import dataclass, field

from .ids import new_message_id


def _as_it_is(name: str) -> str:
    return name


@dataclass(frozen=True, slots=True)
class MessagesContext:
    """Goes from the request to the answer in `Parsed.context`.

    `model` is the name the client asked for and reads in the answer. `restore` turns a tool name of the upstream into
    the client's own. `stop_sequences` end the text at their first match. Without `show_thinking` the summary of the
    reasoning is left out; its signature still goes out, so that the reasoning survives the next turn. `taken` are the
    ids of the calls so far: a new call must not bear one of them, or the client takes it for the old one.
    """

    model: str
    restore: Callable[[str], str] = _as_it_is
    stop_sequences: tuple[str, ...] = ()
    show_thinking: bool = True
    has_custom_tools: bool = False
    taken: Container[str] = frozenset()
    message_id: str = field(default_factory=new_message_id)
