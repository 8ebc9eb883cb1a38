"""The app for ASGI servers: `hypercorn jackfield.asgi:app`, `quart run`."""

from __future__ import annotations

import os

from .app import for_a_command
from .config import find

app = for_a_command(find(None, os.environ))
