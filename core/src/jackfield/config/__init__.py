"""The configuration: one YAML file in, frozen settings out.

`document` reads the file and remembers lines, `schema` composes what plugins declare, `load` checks everything at once
and returns `Settings`.
"""

from .load import Loaded, load, masked
from .schema.schema import compose, core_schema
from .schema.validate import validate
from .settings import Limits, ModelAlias, PluginSettings, RemoteManagement, Routing, Settings
from .text.document import Document, find

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
