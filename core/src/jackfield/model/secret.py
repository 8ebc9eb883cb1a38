"""A string that does not show itself: not in a log, a traceback, a repr or an f-string."""

from __future__ import annotations

MASK = "********"


class Secret:
    """Hold a key or a password. `str()` and `repr()` give a mask; `reveal()` gives the value.

    Two secrets with the same value are equal and hash alike. An empty secret is false.
    """

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """Return the value itself, for the one place that needs it: the wire."""
        return self._value

    def hint(self) -> str:
        """Return a form that its owner recognises and nobody else can use, such as `sk-f...23`."""
        if len(self._value) < 12:
            return MASK
        return f"{self._value[:4]}...{self._value[-2:]}"

    def __bool__(self) -> bool:
        return bool(self._value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash((Secret, self._value))

    def __str__(self) -> str:
        return MASK if self._value else ""

    def __repr__(self) -> str:
        return f"Secret({str(self)!r})"
