"""Towards the upstream: one HTTP client, and the single map of its exceptions to ours."""

from ..net.off_limits import is_off_limits
from ..net.urls import called_host
from .client import UpstreamClient, UpstreamResponse
from .stream import ResponsesStream

__all__ = ["ResponsesStream", "UpstreamClient", "UpstreamResponse", "called_host", "is_off_limits"]
