"""What is loaded by whom: nobody waits for what they do not use (counted in modules, never in seconds)."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from jackfield import api
from jackfield.config.schema.schema import core_schema
from jackfield.config.schema.sound import is_plainly_sound
from jackfield.model.later import later
from jsonschema import Draft202012Validator

NETWORK = {"httpx", "httptools", "quart", "werkzeug", "hypercorn", "brotli", "ssl"}
FILES = {"jsonschema", "referencing", "ruamel.yaml", "yaml", "filelock"}
COMMANDS = {"click", "jackfield.cli"}


def loaded_by(code: str) -> set[str]:
    """Return the modules of a process that has run `code`."""
    told = f"{code}\nimport json, sys\nprint(json.dumps(sorted(sys.modules)), file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True)
    return set(json.loads(done.stderr.splitlines()[-1]))


def test_the_api_of_plugins_loads_no_network_no_yaml_no_schema_checker_and_no_command_line() -> None:
    assert loaded_by("import jackfield.api") & (NETWORK | FILES | COMMANDS) == set()


def test_the_version_loads_neither_the_configuration_nor_a_plugin() -> None:
    code = "from jackfield.cli import cli\ncli.main(['--version'], standalone_mode=False)"
    loaded = loaded_by(code)

    assert loaded & (NETWORK | FILES) == set()
    assert {name for name in loaded if name.startswith("jackfield_")} == set()


def test_a_list_of_the_plugins_loads_no_client_no_server_and_nothing_to_check_schemas_with() -> None:
    code = "from jackfield.cli import cli\ncli.main(['plugins', '--json'], standalone_mode=False)"
    loaded = loaded_by(code)

    assert (
        loaded & {"httpx", "quart", "hypercorn", "jsonschema", "ruamel.yaml", "bcrypt", "sqlite3", "tomlkit"} == set()
    )


def test_every_name_of_the_api_can_be_had() -> None:
    for name in api.__all__:
        assert getattr(api, name) is getattr(api, name)


def test_a_name_that_the_api_lacks_is_told_as_of_any_module() -> None:
    with pytest.raises(AttributeError, match=r"module 'jackfield\.api' has no attribute 'nothing'"):
        api.nothing  # noqa: B018 - asking for it is the test


def test_a_name_that_was_asked_for_once_is_looked_for_no_more() -> None:
    find = later(__name__, {"jackfield.config.locks": ("PAUSE",)})

    assert find("PAUSE") == globals()["PAUSE"]


@pytest.mark.parametrize(
    "schema",
    [
        core_schema(),
        {"type": ["string", "null"], "default": None, "pattern": "^a", "minLength": 0, "x-secret": True},
        {"type": "array", "items": {"$ref": "#/$defs/a"}, "uniqueItems": True},
        {"properties": {"a": True}, "additionalProperties": False, "required": ["a"], "oneOf": [{"const": 1}]},
    ],
)
def test_an_everyday_schema_is_seen_to_be_sound_without_jsonschema(schema: object) -> None:
    assert is_plainly_sound(schema)
    Draft202012Validator.check_schema(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "text"},
        {"type": []},
        {"type": ["string", "string"]},
        {"type": 1},
        {"type": ["string", 1]},
        {"properties": []},
        {"properties": {"a": 1}},
        {"items": [{}]},
        {"minimum": "1"},
        {"minimum": True},
        {"minLength": -1},
        {"minLength": 1.5},
        {"pattern": "("},
        {"pattern": 1},
        {"enum": 1},
        {"required": "a"},
        {"required": ["a", "a"]},
        {"anyOf": []},
        {"description": 1},
        {"$ref": 1},
        {"uniqueItems": "yes"},
        {"items": {"properties": {"a": {"type": "text"}}}},
        1,
    ],
)
def test_what_is_not_sound_is_never_taken_for_sound(schema: object) -> None:
    assert not is_plainly_sound(schema)
