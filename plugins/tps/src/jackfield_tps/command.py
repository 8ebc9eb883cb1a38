"""`jackfield tps`: how fast the providers are, from a running server."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import click
import orjson
from jackfield.api import config_option

from . import table
from .remote import Remote, RemoteError, found
from .windows import window as parsed

BUCKETS = 30
"""Parts of the last hour in the sparkline: two minutes each."""


def _window(ctx: click.Context, parameter: click.Parameter, value: str) -> str:
    if value and parsed(value) is None:
        raise click.BadParameter("it is a duration such as 30s, 5m or 1h30m")
    return value


@click.command()
@config_option
@click.option(
    "--url", metavar="URL", envvar="JACKFIELD_URL", default="", help="The server. Default: the configured one."
)
@click.option(
    "--key",
    metavar="KEY",
    envvar=["JACKFIELD_MANAGEMENT_KEY", "MANAGEMENT_PASSWORD"],
    default="",
    help="The management key; better in JACKFIELD_MANAGEMENT_KEY. Default: the configured one.",
)
@click.option(
    "--window", metavar="DURATION", default="", callback=_window, help="Such as 5m; default: all that is kept."
)
@click.option("--provider", metavar="NAME", default="", help="Only this provider.")
@click.option("--model", metavar="ID", default="", help="Only this model.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON; with --watch one object a line.")
@click.option("--watch", is_flag=True, help="Print it again and again, until Ctrl-C.")
@click.option("--interval", type=click.FloatRange(0.1, 3600), default=2.0, show_default=True, help="Seconds between.")
def tps(path: Path | None, url: str, key: str, as_json: bool, watch: bool, interval: float, **asked: str) -> None:
    """Show how fast providers answer: requests, tokens per second, time to first token, the last hour."""
    try:
        remote = found(url, key, path)

        def look() -> str:
            return _shown(_looked(remote, **asked), as_json=as_json, pretty=not watch)

        if watch:
            _watch(look, interval, clear=not as_json)
        else:
            click.echo(look())
    except RemoteError as error:
        raise click.ClickException(str(error)) from None
    except KeyboardInterrupt:
        return


def _watch(look: Callable[[], str], interval: float, *, clear: bool) -> None:
    """Print what there is to see, again and again. Raises RemoteError when there is nothing to begin with.

    Once it has begun it outlives a restart of the server: what went wrong is told, and it is tried again.
    """
    shown, failed = look(), False
    while True:
        if clear:
            click.clear()
        click.echo(shown, err=failed)
        time.sleep(interval)
        try:
            shown, failed = look(), False
        except RemoteError as error:
            shown, failed = f"{error}; it is asked again", True


def _looked(remote: Remote, **asked: str) -> dict[str, Any]:
    """Return the server's answer, with the `last-hour` of each group beside its figures."""
    answer: dict[str, Any] = remote.ask("/tps", group_by="provider_model", **asked)["tps"]
    hour = {**asked, "window": "1h"}
    recent = remote.ask("/tps", group_by="provider_model", buckets=str(BUCKETS), **hour)["tps"]["groups"]
    series = {group["provider_model"]: group["series"] for group in recent}
    for group in answer["groups"]:
        group["last-hour"] = series.get(group["provider_model"], [None] * BUCKETS)
    return answer


def _shown(looked: Mapping[str, Any], *, as_json: bool, pretty: bool) -> str:
    if as_json:
        return orjson.dumps(looked, option=orjson.OPT_INDENT_2 if pretty else None).decode()
    return table.rendered(looked, bars=_bars())


def _bars() -> str:
    """Return the bars that the output can show."""
    encoding = sys.stdout.encoding or "ascii"
    try:
        table.BARS.encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return table.PLAIN_BARS
    return table.BARS
