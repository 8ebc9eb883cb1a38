"""What plugins import: hooks, types, errors and tools. Everything here is stable within a major of the hook API.

from jackfield.api import hookimpl

@hookimpl
def synthesize_auth(config): ...
"""

from __future__ import annotations

from typing import Any, TypeVar, cast

import pluggy

from .config.settings import Settings
from .dialects.failures import from_http, passable
from .errors import (
    ClientError,
    ConfigError,
    Detail,
    JackfieldError,
    Kind,
    PluginError,
    Problem,
    RequestFailed,
    Unavailable,
    UpstreamError,
    invalid_request,
)
from .executor import EventStream, Executor, ExecutorFactory
from .hookspecs import PROJECT
from .host import Host
from .plugins import HOOK_API_VERSION
from .registrars import ExecutorRegistrar, ModelRegistrar, RouteRegistrar
from .secret import Secret
from .sse import Event, Splitter
from .types import (
    Clock,
    CompletionRecord,
    Credential,
    Endpoint,
    Model,
    ModelDefaults,
    RequestInfo,
    UpstreamCall,
    Usage,
)
from .upstream import ResponsesStream, UpstreamClient, UpstreamResponse

F = TypeVar("F")

_marker = pluggy.HookimplMarker(PROJECT)


def hookimpl(function: F) -> F:
    """Mark a function as the implementation of the hook that has its name."""
    return cast(F, _marker(cast(Any, function)))


__all__ = [
    "HOOK_API_VERSION",
    "ClientError",
    "Clock",
    "CompletionRecord",
    "ConfigError",
    "Credential",
    "Detail",
    "Endpoint",
    "Event",
    "EventStream",
    "Executor",
    "ExecutorFactory",
    "ExecutorRegistrar",
    "Host",
    "JackfieldError",
    "Kind",
    "Model",
    "ModelDefaults",
    "ModelRegistrar",
    "PluginError",
    "Problem",
    "RequestFailed",
    "RequestInfo",
    "ResponsesStream",
    "RouteRegistrar",
    "Secret",
    "Settings",
    "Splitter",
    "Unavailable",
    "UpstreamCall",
    "UpstreamClient",
    "UpstreamError",
    "UpstreamResponse",
    "Usage",
    "from_http",
    "hookimpl",
    "invalid_request",
    "passable",
]
