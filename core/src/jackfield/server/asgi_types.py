"""The types of the ASGI interface, and our own server's extension of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
ASGIApp = Callable[[Scope, Receive, Send], Awaitable[None]]

ON_GONE = "jackfield.on_gone"
"""An extension of our own server's: a function that takes what is to be called when the client leaves, or None."""
