"""`jackfield config migrate`: the packycode block as an entry of `tppc.providers`, with its comments."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
from jackfield.api import ConfigError, Document, EditError, Secret, config_option, rewrite_config, rewritten

from .comments import Comments, without_lines
from .source import ENV_KEYS, find_source

BLOCK, NAME = "packycode", "packycode"
KEPT = ("max-concurrency", "health-check")
"""Keys that a provider has as well."""
IMPLIED = {"model": "gpt-5", "model-reasoning-effort": "high"}
"""The defaults of every tppc provider."""


@click.command()
@config_option
@click.option("--yes", is_flag=True, help="Write the change without asking.")
def migrate(path: Path | None, yes: bool) -> None:
    """Rewrite the packycode block as a tppc provider; the change is shown before it is written."""
    if not rewrite_config(path, _told, yes=yes):
        click.echo("there is no packycode block; nothing to do", err=True)


def _told(text: str) -> str:
    """Return the migrated text, and say what becomes different. Raises ClickException."""
    data = Document.parse(text).data
    if isinstance(data.get(BLOCK), dict):
        for note in notes(data):
            click.echo(f"note: {note}", err=True)
    try:
        return migrated(text)
    except EditError as error:
        raise click.ClickException(str(error)) from None


def migrated(text: str) -> str:
    """Return the text with the block rewritten; the text itself when it has none.

    Raises EditError when it cannot be done without losing something.
    """
    document = Document.parse(text)
    block = document.data.get(BLOCK)
    if BLOCK not in document.data:
        return text
    if block is not None and not isinstance(block, dict):
        raise EditError(f"`{BLOCK}` is no mapping; mend it first")
    section = document.data.get("tppc") or {}
    providers = section.get("providers") if isinstance(section, dict) else None
    if not isinstance(section, dict) or not isinstance(providers, (list, type(None))):
        raise EditError("`tppc` has another form than it must; mend it first")
    entries = [*(providers or []), *([entry_of(block)] if block else [])]
    tppc = {**section, "providers": entries}
    added = rewritten(text, "tppc", tppc) if block else text
    comments = Comments.of(document, BLOCK)
    new = without_lines(comments.given_to(added, ("tppc", "providers", len(entries) - 1)) if block else added, BLOCK)
    expected = {key: value for key, value in document.data.items() if key != BLOCK} | ({"tppc": tppc} if block else {})
    if not _says(new, expected):
        raise EditError(f"`{BLOCK}` cannot be rewritten without changing other keys; edit the file by hand")
    return new


def entry_of(block: Mapping[str, Any]) -> dict[str, Any]:
    """Return the provider that a block as it is written stands for. Raises EditError when its key cannot come along."""
    credentials = block.get("credentials")
    key = credentials.get("openai-api-key", "") if isinstance(credentials, dict) else ""
    pair = {"base-url": block.get("base-url", ""), "api-key": key}
    if block.get("enabled") and not any(pair.values()):
        pair = _from_elsewhere(block)
    return {
        "name": NAME,
        "enabled": block.get("enabled", False),
        **{name: value for name, value in pair.items() if value},
        **{key: block[key] for key in KEPT if key in block},
    }


def _from_elsewhere(block: Mapping[str, Any]) -> dict[str, Any]:
    """Return the pair of a block that names none: a tppc provider looks nowhere else."""
    needs = block.get("requires-openai-auth", True)
    empty = {"base-url": "", "credentials": {"openai-api-key": Secret("")}, "requires-openai-auth": needs}
    source = find_source(empty)
    if source is None:
        return {}
    if source.name != "env":
        mend = "write it into packycode.credentials.openai-api-key (env:NAME will do) and base-url, then migrate"
        raise EditError(f"packycode's key comes from the Codex CLI's files, which tppc does not read; {mend}")
    names = [name for name in ENV_KEYS if os.environ.get(name, "").strip()]
    return {"base-url": source.base_url, "api-key": f"env:{names[0]}" if names else ""}


def notes(data: Mapping[str, Any]) -> list[str]:
    """Return what a tppc provider does otherwise than the block did."""
    block = data[BLOCK]
    defaults = block.get("defaults")
    chosen = defaults if isinstance(defaults, dict) else {}
    told = [
        f"packycode.defaults.{key} {value} is left behind: a tppc provider has {IMPLIED[key]} (see model-aliases)"
        for key, value in chosen.items()
        if key in IMPLIED and value != IMPLIED[key]
    ]
    resting = [key for key in ("codex-api-key", "codex-login") if data.get(key)]
    if block.get("enabled") and resting:
        told.append(f"credentials of {' and '.join(resting)} are in rotation again; packycode let them rest")
    return told


def _says(text: str, data: Mapping[str, Any]) -> bool:
    try:
        document = Document.parse(text)
    except ConfigError:
        return False
    return not document.problems and document.data == data
