"""The edge towards clients: the streaming routes as bare ASGI, everything else as Quart blueprints."""
