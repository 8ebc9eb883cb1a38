"""The app for ASGI servers: `hypercorn jackfield.asgi:app`."""

from .app import create_app

app = create_app()
