"""Towards the upstream: one HTTP client, and the single map of its exceptions to ours."""

from .client import UpstreamClient, UpstreamResponse
from .reach import is_off_limits
from .stream import ResponsesStream
from .urls import called_host

__all__ = ["ResponsesStream", "UpstreamClient", "UpstreamResponse", "called_host", "is_off_limits"]
