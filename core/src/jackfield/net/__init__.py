"""Addresses, origins, URLs and content codings: no I/O."""
