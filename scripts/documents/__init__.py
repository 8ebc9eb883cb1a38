"""Writes the files that are generated from the code, so that they cannot lag behind it."""
