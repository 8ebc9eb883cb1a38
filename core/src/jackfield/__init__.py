"""jackfield: a plugin-based proxy for coding agents."""

__version__ = "0.1.0"
