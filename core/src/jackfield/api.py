"""What plugins import: hooks, types, errors and tools. Everything here is stable within a major of the hook API.

from jackfield.api import hookimpl

@hookimpl
def synthesize_auth(config): ...
"""

from __future__ import annotations

from typing import Any, TypeVar, cast

import pluggy

from .cli.plugin_commands import config_option, rewrite_config
from .config.file import ConfigFileError, version_of
from .config.locks import turn_at
from .config.masking import REFERENCES, is_hash
from .config.references import foreign_references
from .config.schema.shared import HEALTH_CHECK_SCHEMA
from .config.secrets import revealed
from .config.section import Section
from .config.settings import Settings
from .config.text.document import Document
from .config.text.edit import EditError, rewritten
from .host.local_access import TOKEN_HEADER, local_token
from .model.background import aside
from .model.errors import (
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
from .model.files import check_replaceable, expanded, read_whole, remove_unfinished, replace_text
from .model.plugin_info import HookFailure, PluginInfo
from .model.secret import MASK, Secret
from .model.types import (
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
from .model.version import VERSION
from .net.client_address import caller, host_of
from .plugins.hookspecs import PROJECT
from .plugins.host import ExecutorFactory, Host
from .plugins.manager import HOOK_API_VERSION
from .plugins.registrars import ExecutorRegistrar, ModelRegistrar, RelayWordRegistrar, RouteRegistrar
from .responses.json_pieces import dumps as json_in_pieces
from .responses.sse import Event, Splitter
from .responses.verdicts.failures import from_http, passable
from .routing.credentials import CheckResult, CredentialState, ModelState
from .routing.executor import Checking, Compacting, EventStream, Executor
from .upstream import ResponsesStream, UpstreamClient, UpstreamResponse, called_host, is_off_limits

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
