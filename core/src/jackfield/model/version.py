"""The version of the core, where everything may read it."""

VERSION = "0.1.0"
