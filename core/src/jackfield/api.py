"""What plugins import: hooks, types, errors and tools. Everything here is stable within a major of the hook API.

from jackfield.api import hookimpl

@hookimpl
def synthesize_auth(config): ...
"""

from __future__ import annotations

from typing import Any, TypeVar, cast

import pluggy

from .background import aside
from .callers import caller, host_of
from .commands import config_option, rewrite_config
from .config.document import Document
from .config.edit import EditError, rewritten
from .config.file import ConfigFileError, version_of
from .config.fragments import HEALTH_CHECK_SCHEMA
from .config.masks import REFERENCES, is_hash
from .config.references import foreign_references
from .config.secrets import revealed
from .config.section import Section
from .config.settings import Settings
from .credentials import CheckResult, CredentialState, ModelState
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
from .executor import Checking, Compacting, EventStream, Executor
from .files import check_replaceable, expanded, read_whole, remove_unfinished, replace_text
from .hookspecs import PROJECT
from .local_access import TOKEN_HEADER, local_token
from .locks import turn_at
from .pieces import dumps as json_in_pieces
from .plugin_host import ExecutorFactory, Host
from .plugin_info import HookFailure, PluginInfo
from .plugins import HOOK_API_VERSION
from .registrars import ExecutorRegistrar, ModelRegistrar, RelayWordRegistrar, RouteRegistrar
from .secret import MASK, Secret
from .sse import Event, Splitter
from .types import (
    Clock,
    CompletionRecord,
    Credential,
    Endpoint,
    HealthCheck,
    Model,
    ModelDefaults,
    RequestInfo,
    UpstreamCall,
    Usage,
)
from .upstream import ResponsesStream, UpstreamClient, UpstreamResponse, called_host, is_off_limits
from .version import VERSION

F = TypeVar("F")

_marker = pluggy.HookimplMarker(PROJECT)


def hookimpl(function: F) -> F:
    """Mark a function as the implementation of the hook that has its name."""
    return cast(F, _marker(cast(Any, function)))


__all__ = [
    "HEALTH_CHECK_SCHEMA",
    "HOOK_API_VERSION",
    "MASK",
    "REFERENCES",
    "TOKEN_HEADER",
    "VERSION",
    "CheckResult",
    "Checking",
    "ClientError",
    "Clock",
    "Compacting",
    "CompletionRecord",
    "ConfigError",
    "ConfigFileError",
    "Credential",
    "CredentialState",
    "Detail",
    "Document",
    "EditError",
    "Endpoint",
    "Event",
    "EventStream",
    "Executor",
    "ExecutorFactory",
    "ExecutorRegistrar",
    "HealthCheck",
    "HookFailure",
    "Host",
    "JackfieldError",
    "Kind",
    "Model",
    "ModelDefaults",
    "ModelRegistrar",
    "ModelState",
    "PluginError",
    "PluginInfo",
    "Problem",
    "RelayWordRegistrar",
    "RequestFailed",
    "RequestInfo",
    "ResponsesStream",
    "RouteRegistrar",
    "Secret",
    "Section",
    "Settings",
    "Splitter",
    "Unavailable",
    "UpstreamCall",
    "UpstreamClient",
    "UpstreamError",
    "UpstreamResponse",
    "Usage",
    "aside",
    "called_host",
    "caller",
    "check_replaceable",
    "config_option",
    "expanded",
    "foreign_references",
    "from_http",
    "hookimpl",
    "host_of",
    "invalid_request",
    "is_hash",
    "is_off_limits",
    "json_in_pieces",
    "local_token",
    "passable",
    "read_whole",
    "remove_unfinished",
    "replace_text",
    "revealed",
    "rewrite_config",
    "rewritten",
    "turn_at",
    "version_of",
]
