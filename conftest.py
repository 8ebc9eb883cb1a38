"""The fixtures that every test of the project may use, and how hard its properties are tried."""

import os

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
