"""The proxy itself, built from a configuration that a test writes down, alone or behind a real server."""

from __future__ import annotations

import shutil
import tempfile
import weakref
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from ..model.types import Clock
from .server import RunningServer, running, running_in_thread

if TYPE_CHECKING:
    from quart import Quart

Configuration = Mapping[str, Any] | str | Path | None
"""A configuration as a mapping with the keys of `config.yaml`, as YAML text, or as a file. None: the defaults."""


def make_app(
    config: Configuration = None,
    *,
    plugins: Mapping[str, object] | None = None,
    clock: Clock | None = None,
    path: Path | None = None,
) -> Quart:
    """Return the proxy as a Quart app, with the installed plugins and those in `plugins` (objects by name).

    Anything but a file is written to a file first: to `path`, else to a temporary one that goes when the app goes.
    Without a `path`, None and an empty one are no file at all, as when a newcomer starts it.
    The environment has no say in which file it is. Raises ConfigError or PluginError.
    """
    from ..app import build, create_app  # here, so that a test of one part need not import the whole house
    from ..host.bootstrap import prepare
    from ..model.clock import SystemClock

    if isinstance(config, Path):
        return create_app(config, plugins=plugins, clock=clock)
    if path is not None:
        path.write_text(_yaml(config), encoding="utf-8")
        return create_app(path, plugins=plugins, clock=clock)
    if not config:
        return build(prepare(None, plugins), clock or SystemClock())
    directory = Path(tempfile.mkdtemp(prefix="jackfield-"))
    try:
        app = make_app(config, plugins=plugins, clock=clock, path=directory / "config.yaml")
    except BaseException:
        shutil.rmtree(directory)
        raise
    weakref.finalize(app, shutil.rmtree, directory, ignore_errors=True)
    return app


def _yaml(config: Mapping[str, Any] | str | None) -> str:
    return (
        config if isinstance(config, str) else yaml.safe_dump(dict(config or {}), sort_keys=False, allow_unicode=True)
    )


@asynccontextmanager
async def jackfield_server(
    config: Configuration = None,
    *,
    plugins: Mapping[str, object] | None = None,
    clock: Clock | None = None,
    path: Path | None = None,
) -> AsyncIterator[RunningServer]:
    """Serve the proxy in the test's own loop; arguments as for `make_app`."""
    async with running(make_app(config, plugins=plugins, clock=clock, path=path)) as server:
        yield server


@contextmanager
def jackfield_server_in_thread(
    config: Configuration = None,
    *,
    plugins: Mapping[str, object] | None = None,
    clock: Clock | None = None,
    path: Path | None = None,
) -> Iterator[RunningServer]:
    """Serve the proxy in a thread, next to clients that block; arguments as for `make_app`."""
    with running_in_thread(make_app(config, plugins=plugins, clock=clock, path=path)) as server:
        yield server
