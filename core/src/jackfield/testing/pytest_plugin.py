"""Fixtures of the test kit. Put `pytest_plugins = ["jackfield.testing.pytest_plugin"]` into the topmost `conftest.py`.

They need pytest alone and work in tests with and without a loop.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager

import pytest

from . import app
from .clock import FakeClock
from .server import RunningServer
from .upstream import FakeUpstream

pytest.register_assert_rewrite("jackfield.testing.conformance")


@pytest.fixture
def upstream() -> Iterator[FakeUpstream]:
    """A fake upstream, running in a thread of its own until the test ends."""
    with FakeUpstream.in_thread() as running:
        yield running


@pytest.fixture
def fake_clock() -> FakeClock:
    """A clock that stands still until the test turns it."""
    return FakeClock()


@pytest.fixture
def jackfield_server() -> Callable[..., AbstractAsyncContextManager[RunningServer]]:
    """Give `jackfield.testing.jackfield_server` to a test, which serves the proxy in the test's own loop."""
    return app.jackfield_server
