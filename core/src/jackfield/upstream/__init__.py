"""Towards the upstream: one HTTP client, and the single map of its exceptions to ours."""

from .client import UpstreamClient, UpstreamResponse
from .stream import ResponsesStream

__all__ = ["ResponsesStream", "UpstreamClient", "UpstreamResponse"]
