"""What plugins import: hooks, types, errors and tools. Everything here is stable within a major of the hook API.

from jackfield.api import hookimpl

@hookimpl
def synthesize_auth(config): ...
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar, cast

import pluggy

from .config.masking import REFERENCES, is_hash
from .config.schema.shared import HEALTH_CHECK_SCHEMA
from .config.secrets import revealed
from .config.settings import Settings
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
from .model.later import later
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
from .net.urls import called_host
from .plugins.hookspecs import PROJECT
from .plugins.host import ExecutorFactory, Host
from .plugins.registrars import ExecutorRegistrar, ModelRegistrar, RelayWordRegistrar, RouteRegistrar
from .responses.json_pieces import dumps as json_in_pieces
from .responses.sse import Event, Splitter
from .routing.executor import Checking, Compacting, EventStream, Executor

if TYPE_CHECKING:
    from .cli.plugin_commands import config_option, rewrite_config
    from .config.file import ConfigFileError, version_of
    from .config.locks import turn_at
    from .config.references import foreign_references
    from .config.section import Section
    from .config.text.document import Document
    from .config.text.edit import EditError, rewritten
    from .host.local_access import TOKEN_HEADER, local_token
    from .net.off_limits import is_off_limits
    from .plugins.manager import HOOK_API_VERSION
    from .responses.verdicts.failures import from_http, passable
    from .routing.credentials import CheckResult, CredentialState, ModelState
    from .upstream import ResponsesStream, UpstreamClient, UpstreamResponse

F = TypeVar("F")

__getattr__ = later(
    __name__,
    {
        "jackfield.cli.plugin_commands": ("config_option", "rewrite_config"),
        "jackfield.config.file": ("ConfigFileError", "version_of"),
        "jackfield.config.locks": ("turn_at",),
        "jackfield.config.references": ("foreign_references",),
        "jackfield.config.section": ("Section",),
        "jackfield.config.text.document": ("Document",),
        "jackfield.config.text.edit": ("EditError", "rewritten"),
        "jackfield.host.local_access": ("TOKEN_HEADER", "local_token"),
        "jackfield.net.off_limits": ("is_off_limits",),
        "jackfield.plugins.manager": ("HOOK_API_VERSION",),
        "jackfield.responses.verdicts.failures": ("from_http", "passable"),
        "jackfield.routing.credentials": ("CheckResult", "CredentialState", "ModelState"),
        "jackfield.upstream": ("ResponsesStream", "UpstreamClient", "UpstreamResponse"),
    },
)
"""The command line, YAML and the HTTP client take longer to import than all else, so they wait to be asked for."""

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
