"""The app for ASGI servers: `hypercorn jackfield.asgi:app`, `quart run`."""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from .app import create_app
from .config import find
from .model.errors import ConfigError, JackfieldError

if TYPE_CHECKING:
    from quart import Quart


def load() -> Quart:
    """Return the app; say which file it reads, or on stderr what is wrong, as `jackfield serve` does, and exit with 1.

    What is raised while a server imports its app would end in a traceback of thirty lines, the sentence at their end.
    """
    path = find(None, os.environ)
    try:
        app = create_app()
    except ConfigError as error:
        from .cli.options import tell  # here: an app that starts needs no command line

        tell(path, error.problems)
        sys.exit(1)
    except JackfieldError as error:
        sys.exit(f"jackfield: {error}")
    if path is not None:  # without a file the app says so itself
        logging.getLogger("jackfield").info("the configuration is %s", Path(path).absolute())
    return app


app = load()
