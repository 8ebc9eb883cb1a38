"""jackfield: a plugin-based proxy for coding agents.

`create_app()` is what `quart run` (with `QUART_APP=jackfield`) and ASGI servers call.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .model import version

__version__ = version.VERSION
__all__ = ["__version__", "create_app"]

if TYPE_CHECKING:
    from .app import create_app


def __getattr__(name: str) -> Any:
    """Import the app only when it is asked for: the command line and plugins' tests need not pay for it."""
    if name == "create_app":
        from .app import create_app

        return create_app
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
