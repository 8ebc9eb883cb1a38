"""`jackfield providers`: the credentials that a configuration gives, and the state of each. No server need run."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click
import orjson

from ..model.types import Credential
from .options import config_option, json_option, telling
from .table import table

HEAD = ("ID", "PROVIDER", "LABEL", "SOURCE", "STATE", "HOST", "MODELS")


@click.command()
@config_option
@json_option
def providers(path: Path | None, as_json: bool) -> None:
    """List the credentials: id, provider, label, source, state, the host they call, how many models they serve."""
    from ..app import EXTENSION, build  # here: other commands need no server
    from ..host.bootstrap import prepare
    from ..model.clock import SystemClock

    with telling(path):
        runtime = build(prepare(path), SystemClock()).extensions[EXTENSION].in_force
    sets = {name: len(found.models) for name, found in runtime.registry.sets.items()}
    rows = [_row(credential, runtime.credentials, sets) for credential in runtime.found]
    if as_json:
        click.echo(orjson.dumps(rows, option=orjson.OPT_INDENT_2))
    elif rows:
        click.echo(table(HEAD, [_cells(row) for row in rows]))
    else:
        click.echo("no provider is configured; config.example.yaml shows how", err=True)


def _row(credential: Credential, used: Collection[Credential], models: Mapping[str, int]) -> dict[str, Any]:
    state, reason = _state(credential, used)
    return {
        "id": credential.id,
        "provider": credential.provider,
        "label": credential.label,
        "source": str(credential.attributes.get("source", "")),
        "state": state,
        "reason": reason,
        "host": host_of(credential),
        "models": len(credential.models) or models.get(credential.provider, 0) if state == "active" else 0,
    }


def _state(credential: Credential, used: Collection[Credential]) -> tuple[str, str]:
    """Return whether a credential is used, and if not, why."""
    if credential.status == "disabled":
        toggle = credential.metadata.get("toggle_by")
        reason = credential.metadata.get("reason") or (f"while {toggle} is enabled" if toggle else "")
        return "disabled", str(reason)
    if credential not in used:
        return "standby", "only without a configuration file"
    return "active", ""


def host_of(credential: Credential) -> str:
    """Return the host, with a port that is not the scheme's own, that a credential calls; "" when it has no URL."""
    url = credential.attributes.get("base_url") or credential.metadata.get("base_url") or ""
    return urlsplit(str(url)).netloc.rpartition("@")[2]


def _cells(row: Mapping[str, Any]) -> tuple[str, ...]:
    state = f"{row['state']} ({row['reason']})" if row["reason"] else row["state"]
    return row["id"], row["provider"], row["label"], row["source"], state, row["host"], str(row["models"])
