"""Serving clients: Hypercorn, with connections of our own for HTTP/1.1.

Hypercorn starts the app, accepts connections and stops in good order; `hypercorn jackfield.asgi:app` uses nothing of
this package. Its own class for a connection costs more than all the rest of a short request, so `jackfield serve` gives
every connection to `Connection` instead (ADR 0005), whatever other protocol its client offers (ADR 0007).
"""

from .connection import Connection
from .hypercorn import ServerConfig, serve
from .limits import ConnectionLimits

__all__ = ["Connection", "ConnectionLimits", "ServerConfig", "serve"]
