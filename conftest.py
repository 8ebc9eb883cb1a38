"""The fixtures that every test of the project may use."""

pytest_plugins = ["jackfield.testing.pytest_plugin", "pytester"]
