"""The configuration: one YAML file in, frozen settings out.

`document` reads the file and remembers lines, `schema` composes what plugins declare, `load` checks everything at once
and returns `Settings`.
"""

from .document import Document, find
from .load import Loaded, load, masked
from .schema import compose, core_schema
from .settings import Limits, ModelAlias, PluginSettings, RemoteManagement, Routing, Settings
from .validate import validate

__all__ = [
    "Document",
    "Limits",
    "Loaded",
    "ModelAlias",
    "PluginSettings",
    "RemoteManagement",
    "Routing",
    "Settings",
    "compose",
    "core_schema",
    "find",
    "load",
    "masked",
    "validate",
]
