"""The file as text: read with line numbers, changed without touching other lines."""
