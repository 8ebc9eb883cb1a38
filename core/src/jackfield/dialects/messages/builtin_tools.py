"""Tools that Claude knows by heart and clients send without a schema: as functions for models that do not know them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

_TEXT = {"type": "string"}
_LINE = {"type": "integer"}

_EDIT_ARGUMENTS: Mapping[str, Any] = {
    "path": {"type": "string", "description": "Absolute path of the file or folder."},
    "file_text": {"type": "string", "description": "create: the whole content of the new file."},
    "old_str": {"type": "string", "description": "str_replace: the text to replace; it must occur exactly once."},
    "new_str": {"type": "string", "description": "str_replace: what to put in its place."},
    "insert_line": {"type": "integer", "description": "insert: the line after which to insert; 0 is the top."},
    "insert_text": {"type": "string", "description": "insert: the text to insert."},
    "view_range": {
        "type": "array",
        "items": _LINE,
        "description": "view: first and last line to show, counted from 1; -1 is the end.",
    },
}


def _object(properties: Mapping[str, Any], required: Sequence[str]) -> dict[str, Any]:
    return {"type": "object", "properties": dict(properties), "required": list(required)}


def _command(*commands: str) -> dict[str, Any]:
    return {"type": "string", "enum": list(commands), "description": "What to do."}


_BASH = _object(
    {
        "command": {"type": "string", "description": "The command line to run."},
        "restart": {"type": "boolean", "description": "True starts the shell anew instead of running a command."},
    },
    [],
)
_EDITOR = _object(
    {"command": _command("view", "create", "str_replace", "insert"), **_EDIT_ARGUMENTS}, ["command", "path"]
)
_MEMORY = _object(
    {
        "command": _command("view", "create", "str_replace", "insert", "delete", "rename"),
        **_EDIT_ARGUMENTS,
        "old_path": {"type": "string", "description": "rename: the present path."},
        "new_path": {"type": "string", "description": "rename: the new path."},
    },
    ["command"],
)

_KNOWN: Mapping[str, tuple[str, str, dict[str, Any]]] = {
    "bash_": ("bash", "Run a command in a shell that keeps its state between calls.", _BASH),
    "text_editor_": ("str_replace_based_edit_tool", "View, create and edit text files.", _EDITOR),
    "memory_": ("memory", "Keep notes in files under /memories that last beyond this conversation.", _MEMORY),
}


def describe(kind: str, name: str) -> dict[str, Any] | None:
    """Return the function for a tool type such as `bash_20250124`, under the client's name; None for an unknown one."""
    for prefix, (usual, description, schema) in _KNOWN.items():
        if kind.startswith(prefix):
            return {
                "type": "function",
                "name": name or usual,
                "description": description,
                "parameters": schema,
                "strict": False,
            }
    return None
