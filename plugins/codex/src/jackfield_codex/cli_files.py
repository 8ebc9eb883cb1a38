"""The Codex CLI's own configuration, read as it reads it: which provider it uses, where that lives, what opens it.

Only keys are taken, never the tokens of a ChatGPT login: those are that account's, and no relay's.
"""

from __future__ import annotations

import json
import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jackfield.api import Secret, expanded

from .options import is_header

OPENAI = "openai"
"""The provider that Codex has built in, and uses where the file names none."""

_BEARER = re.compile(r"bearer\s+(\S+)", re.IGNORECASE)
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
"""What no header's value may have; the CLI leaves such a header out."""
_LINE = re.compile(r"\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*?)\s*")

Table = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class CliProvider:
    """A provider of the Codex CLI.

    `key_from` says where its key was found, in words; "" with an empty key, and then `lacking` says what is missing.
    `key_variable` names the environment variable that holds it, "" for another place.
    """

    id: str
    name: str
    base_url: str
    api_key: Secret
    key_from: str
    key_variable: str = ""
    lacking: str = ""
    wire_api: str = "responses"
    headers: Mapping[str, Secret] = field(default_factory=dict)
    header_variables: Mapping[str, str] = field(default_factory=dict)
    """Headers whose values stand in environment variables, with their names; their values are in `headers` too."""
    query: Mapping[str, Secret] = field(default_factory=dict)

    def __str__(self) -> str:
        key = f"key from {self.key_from}" if self.key_from else f"no key{f': {self.lacking}' if self.lacking else ''}"
        return f"config.toml: provider {self.id}{f' ({self.name})' if self.name != self.id else ''}, {key}"


@dataclass(frozen=True, slots=True)
class CliFiles:
    """What the folder of a Codex CLI holds. Nothing of it is trusted to have the form that it should."""

    home: Path
    environ: Mapping[str, str]
    config: Table = field(repr=False)
    variables: Mapping[str, str] = field(repr=False)
    """Those of `.env` in the folder, which the CLI reads at its start."""
    trouble: str = ""
    """Why config.toml could not be read; "" where it was read, or is not there."""

    @classmethod
    def read(cls, home: Path, environ: Mapping[str, str]) -> CliFiles:
        """Return what is there; empty where a file is missing or cannot be read."""
        config: Table = {}
        trouble = ""
        try:
            config = tomllib.loads((home / "config.toml").read_text("utf-8-sig"))
        except (FileNotFoundError, NotADirectoryError):
            pass
        except OSError as error:
            trouble = f"cannot be read: {(error.strerror or str(error)).lower()}"
        except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            trouble = f"is no TOML: {error}"
        return cls(home, environ, config, _dotenv(home / ".env"), trouble)

    @property
    def chosen(self) -> str:
        """The id of the provider that is in use: the profile's, else the file's, else the built-in one."""
        return self._setting("model_provider") or OPENAI

    @property
    def model(self) -> str:
        """The model that is in use; "" where none is named."""
        return self._setting("model")

    @property
    def effort(self) -> str:
        """The reasoning effort that is in use; "" where none is named."""
        return self._setting("model_reasoning_effort")

    @property
    def ids(self) -> list[str]:
        """The ids of all providers that have a URL of their own."""
        found = [name for name, table in _table(self.config.get("model_providers")).items() if _table(table)]
        return [*found, *([OPENAI] if _text(self.config, "openai_base_url") and OPENAI not in found else [])]

    def provider(self, name: str) -> CliProvider | None:
        """Return a provider by its id; None when it is not there, or has no URL."""
        own = _table(_table(self.config.get("model_providers")).get(name))
        url = _text(own, "base_url") or (self._setting("openai_base_url") if name == OPENAI else "")
        if not url:
            return None
        fixed, variables = self._headers(own)
        authorization = [value for key, value in fixed.items() if key.lower() == "authorization"]
        key, origin, variable = self._key(own, authorization[-1] if authorization else "")
        rest = {key: Secret(value) for key, value in fixed.items() if key.lower() != "authorization"}
        return CliProvider(
            id=name,
            name=_text(own, "name") or name,
            base_url=url,
            api_key=Secret(key),
            key_from=origin,
            key_variable=variable,
            lacking="" if key else self._lacking(own),
            wire_api=_text(own, "wire_api") or "responses",
            headers=rest,
            header_variables={key: each for key, each in variables.items() if key in rest},
            query={key: Secret(value) for key, value in _texts(own.get("query_params")).items()},
        )

    def variable(self, name: str) -> str:
        """Return the value of an environment variable: the process's own, else that of `.env`; "" for none."""
        return self.environ.get(name, "").strip() or self.variables.get(name, "").strip()

    def _setting(self, name: str) -> str:
        profile = _table(_table(self.config.get("profiles")).get(_text(self.config, "profile")))
        return _text(profile, name) or _text(self.config, name)

    def _headers(self, own: Table) -> tuple[dict[str, str], dict[str, str]]:
        """Return the headers, and those of them that come from variables, with the variables' names."""
        variables = {name: each for name, each in _texts(own.get("env_http_headers")).items() if self.variable(each)}
        found = [
            *_texts(own.get("http_headers")).items(),
            *((key, self.variable(each)) for key, each in variables.items()),
        ]
        # One value for each name, in whatever letters: the later one, as in the CLI.
        last = {name.lower(): (name, value) for name, value in found if is_header(name) and not _CONTROL.search(value)}
        return dict(last.values()), {name: each for name, each in variables.items() if name.lower() in last}

    def _lacking(self, own: Table) -> str:
        """Return why there is no key, in words; "" where nothing is known."""
        if variable := _text(own, "env_key"):
            return f"{variable} is not set"
        return "a command brings it (auth), which is not run" if _table(own.get("auth")) else ""

    def _key(self, own: Table, authorization: str) -> tuple[str, str, str]:
        """Return the key, where it was found, and the variable that holds it, in the order of the Codex CLI."""
        if variable := _text(own, "env_key"):
            key = self.variable(variable)
            place = "environment" if self.environ.get(variable, "").strip() else ".env"
            return key, f"{variable} ({place})" if key else "", variable if key else ""
        if token := _text(own, "experimental_bearer_token"):
            return token, "experimental_bearer_token", ""
        if found := _BEARER.fullmatch(authorization.strip()):
            return found[1], "http_headers", ""
        if own.get("requires_openai_auth") is False:
            return "", "", ""
        key = _stored_key(self.home / "auth.json")
        return key, "auth.json" if key else "", ""


def codex_home(environ: Mapping[str, str] | None = None) -> Path:
    """Return the Codex CLI's folder: `CODEX_HOME`, else `~/.codex`."""
    named = (os.environ if environ is None else environ).get("CODEX_HOME", "").strip()
    return expanded(Path(named or "~/.codex"))


def _stored_key(path: Path) -> str:
    try:
        document = json.loads(path.read_text("utf-8-sig"))
    except (OSError, ValueError):
        return ""
    return _text(document, "OPENAI_API_KEY") if isinstance(document, dict) else ""


def _dotenv(path: Path) -> dict[str, str]:
    try:
        lines = path.read_text("utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError):
        return {}
    found = (match for line in lines if (match := _LINE.fullmatch(line)))
    return {match[1]: _unquoted(match[2]) for match in found}


def _unquoted(value: str) -> str:
    if value[:1] in ("'", '"') and (end := value.find(value[0], 1)) > 0:
        return value[1:end]
    return value.partition(" #")[0].strip()


def _table(value: object) -> Table:
    return value if isinstance(value, dict) else {}


def _text(table: Table, name: str) -> str:
    value = table.get(name)
    return value.strip() if isinstance(value, str) else ""


def _texts(value: object) -> dict[str, str]:
    return {name: each for name, each in _table(value).items() if isinstance(each, str)}
