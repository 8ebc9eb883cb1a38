"""`jackfield config import-codex`: the providers of the Codex CLI's configuration as entries of `tppc.providers`."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import click
from jackfield.api import Document, EditError, config_option, rewrite_config, rewritten
from jackfield_codex import PROVIDER, CliFiles, CliProvider, codex_home, wrong_url

_TAKEN = {PROVIDER, "demo"}
"""Providers that other plugins bring, whatever the configuration says."""
_ILLEGAL = re.compile(r"[^a-z0-9._-]+")


@click.command("import-codex")
@config_option
@click.option("--codex-home", "home", type=click.Path(path_type=Path), help="The Codex CLI's folder.")
@click.option("--yes", is_flag=True, help="Write the change without asking.")
@click.argument("names", nargs=-1)
def import_codex(path: Path | None, home: Path | None, yes: bool, names: tuple[str, ...]) -> None:
    """Make tppc providers of those in the Codex CLI's config.toml: of all, or of NAMES.

    The change is shown before it is written. A key in an environment variable stays there.
    """
    files = CliFiles.read(home or codex_home(), os.environ)
    if files.trouble:
        raise click.ClickException(f"{files.home / 'config.toml'} {files.trouble}")
    if not files.config:
        raise click.ClickException(f"{files.home / 'config.toml'} is not there, or is empty")

    def change(text: str) -> str:
        try:
            return imported(text, files, names)
        except EditError as error:
            raise click.ClickException(str(error)) from None

    if not rewrite_config(path, change, yes=yes):
        click.echo("there is nothing to import", err=True)


def imported(text: str, files: CliFiles, names: Iterable[str] = ()) -> str:
    """Return the text with an entry for each provider; what is left out is told on standard error.

    Raises EditError when `tppc` has another form than it must.
    """
    data = Document.parse(text).data
    section = data.get("tppc") or {}
    providers = section.get("providers") if isinstance(section, dict) else None
    if not isinstance(section, dict) or not isinstance(providers, (list, type(None))):
        raise EditError("`tppc` has another form than it must; mend it first")
    known = {str(each.get("name", "")).strip().lower() for each in providers or () if isinstance(each, dict)}
    block = data.get("packycode")
    others = {"packycode"} if isinstance(block, dict) and block.get("enabled") is True else set()
    called = legal_names(files.ids, _TAKEN | others)
    entries = list(_entries(files, list(names) or files.ids, called, known))
    return rewritten(text, "tppc", {**section, "providers": [*(providers or []), *entries]}) if entries else text


def _entries(
    files: CliFiles, names: Iterable[str], called: Mapping[str, str], known: set[str]
) -> Iterator[dict[str, Any]]:
    """Yield the entries of those that can be called; say of each why it is there, or is not."""
    for name in dict.fromkeys(names):
        found = files.provider(name)
        if found is None:
            _note(f"{name}: config.toml has no such provider, or it has no base_url")
        elif found.wire_api != "responses":
            _note(f"{name}: wire_api is {found.wire_api}; only responses is spoken")
        elif wrong := wrong_url(found.base_url):
            _note(f"{name}: its base_url {wrong.what}; {wrong.mend}")
        elif called[name] in known:
            _note(f"{name}: tppc has a provider of that name already ({called[name]})")
        else:
            _note(f"{found}" if called[name] == name else f"{found}; called {called[name]} here")
            yield {"name": called[name], **entry_of(found, files)}


def entry_of(provider: CliProvider, files: CliFiles) -> dict[str, Any]:
    """Return the entry of `tppc.providers` for a provider, without a name; it is off where no key was found."""
    variable = provider.key_variable
    in_environment = bool(files.environ.get(variable, "").strip())
    key = f"env:{variable}" if in_environment else provider.api_key.reveal()
    headers = {name: _value(name, provider, files) for name in provider.headers}
    query = {name: value.reveal() for name, value in provider.query.items()}
    effort = {"model-reasoning-effort": files.effort} if files.effort else {}
    defaults = {"model": files.model, **effort} if files.model and provider.id == files.chosen else {}
    return {
        "enabled": bool(key),
        "base-url": provider.base_url,
        **({"api-key": key} if key else {}),
        **({"headers": headers} if headers else {}),
        **({"query-params": query} if query else {}),
        **({"defaults": defaults} if defaults else {}),
    }


def _value(name: str, provider: CliProvider, files: CliFiles) -> str:
    variable = provider.header_variables.get(name, "")
    return f"env:{variable}" if files.environ.get(variable, "").strip() else provider.headers[name].reveal()


def legal_name(name: str) -> str:
    """Return a provider's name as `tppc` takes it."""
    return _ILLEGAL.sub("-", name.strip().lower()).strip("-._") or "codex-provider"


def legal_names(ids: Iterable[str], taken: Collection[str]) -> dict[str, str]:
    """Return a name for each id, legal, its own, none of those `taken`, and the same at every call."""
    made: dict[str, str] = {}
    for each in ids:
        plain = legal_name(each)
        tries = (plain, *(f"{plain}-{place}" for place in range(2, len(made) + 3)))
        made[each] = next(name for name in tries if name not in taken and name not in made.values())
    return made


def _note(words: str) -> None:
    click.echo(f"note: {words}", err=True)
