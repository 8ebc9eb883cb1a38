"""Tokens per second, measured properly, and usage totals: an event per request, history, an API, a command."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING, Any

import orjson
from jackfield.api import CompletionRecord, Host, RouteRegistrar, hookimpl

if TYPE_CHECKING:
    import click

    from .recorder import Recorder

__all__ = ["Plugin"]


class Plugin:
    """The hooks of one app, with the statistics that it keeps while it serves."""

    def __init__(self) -> None:
        self._recorder: Recorder | None = None

    @hookimpl
    def config_schema(self) -> dict[str, Any]:
        """Return the schema of the plugin's keys."""
        schema: dict[str, Any] = orjson.loads(files(__package__).joinpath("schema.json").read_bytes())
        return schema

    @hookimpl
    def startup(self, host: Host) -> None:
        """Begin to keep statistics."""
        from .recorder import Recorder  # here: a command that lists plugins needs no database

        self._recorder = Recorder(host)

    @hookimpl
    def on_request_complete(self, record: CompletionRecord) -> None:
        """Take in what became of an attempt or a request."""
        if self._recorder is not None:
            self._recorder.observe(record)

    @hookimpl
    async def shutdown(self) -> None:
        """Store what is left."""
        recorder, self._recorder = self._recorder, None
        if recorder is not None:
            await recorder.close()

    @hookimpl
    def register_routes(self, registrar: RouteRegistrar, host: Host) -> None:
        """Serve `/tps` and `/usage` where there is a management API that lets in those who may see them."""
        if any(info.name == "management" and info.state == "active" for info in host.plugins):
            from jackfield_management import readings  # here: speeds are logged without a management API too

            from .described import DESCRIBED
            from .routes import readers

            registrar.add(readings("tps", host, readers(self.recorder), DESCRIBED))

    def recorder(self) -> Recorder:
        """Return the statistics. Raises RuntimeError while the app does not serve."""
        if self._recorder is None:
            raise RuntimeError("there are no statistics before the start and after the end of an app")
        return self._recorder

    @hookimpl
    def register_commands(self, group: click.Group) -> None:
        """Add `jackfield tps`."""
        from .command import tps  # here: a server needs no command line

        group.add_command(tps)
