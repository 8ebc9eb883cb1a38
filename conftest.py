"""The fixtures that every test of the project may use, and how hard its properties are tried."""

import gc
import os

import pytest
from hypothesis import HealthCheck, settings

# Everyday: few examples and the same in every run, so that no run fails by chance.
settings.register_profile("everyday", max_examples=100, derandomize=True, database=None, deadline=None)
# By hand: --hypothesis-profile=deep, others in every run.
settings.register_profile(
    "deep",
    max_examples=int(os.environ.get("HYPOTHESIS_MAX_EXAMPLES", "20000")),
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("everyday")

pytest_plugins = ["jackfield.testing.pytest_plugin", "pytester"]


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    """Let the garbage collector pass over ten thousand collected tests: walking them again costs an eighth of a run."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
