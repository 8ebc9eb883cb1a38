"""The credentials of the provider `codex`: API keys of the configuration, and login files of the Codex CLI."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from jackfield.api import Credential, HealthCheck, Problem, Secret, Settings, expanded

from .identity import stable_id
from .kept import latest, reason_of_end, why_stale
from .login import Login, LoginError
from .options import Options
from .options import problems as option_problems
from .urls import Wrong, wrong_proxy, wrong_url

PROVIDER = "codex"
KEYS = "codex-api-key"
LOGINS = "codex-login"


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of `codex-login`."""

    path: Path
    priority: int
    weight: int
    proxy_url: Secret
    max_concurrency: int = 0


def login_entries(config: Settings) -> list[Entry]:
    """Return the entries; a relative path starts at the configuration's folder."""
    base = config.path.parent if config.path else Path()
    return [_entry(entry, base) for entry in config.section(LOGINS)]


def _entry(entry: str | Mapping[str, Any], base: Path) -> Entry:
    if isinstance(entry, str):
        return Entry(_path(entry, base), 0, 1, Secret(""))
    path, limit = _path(entry["path"], base), int(entry["max-concurrency"])
    return Entry(path, entry["priority"], entry["weight"], entry["proxy-url"], limit)


def _path(written: str, base: Path) -> Path:
    return base / expanded(Path(written.strip()))


def problems(config: Settings) -> Iterator[Problem]:
    """Yield URLs that cannot be used and login files that are named twice.

    A login file that holds no login is only warned about: it may come later.
    """
    for index, entry in enumerate(config.section(KEYS)):
        yield from _wrong(f"{KEYS}[{index}].base-url", wrong_url(entry["base-url"].strip()))
        yield from _wrong(f"{KEYS}[{index}].proxy-url", wrong_proxy(entry["proxy-url"].reveal()))
        yield from option_problems(entry, KEYS, f"[{index}]")
    seen: dict[Path, int] = {}
    for index, entry in enumerate(login_entries(config)):
        place = f"{LOGINS}[{index}]"
        yield from _wrong(f"{place}.proxy-url", wrong_proxy(entry.proxy_url.reveal()))
        first = seen.setdefault(entry.path.resolve(), index)
        if first != index:
            yield Problem(place, f"is the same file as {LOGINS}[{first}]", "remove one of them")
        elif reason := _unreadable(entry.path):
            yield Problem(place, f"cannot be used yet: {reason}", warning=True)


def _wrong(path: str, wrong: Wrong | None) -> Iterator[Problem]:
    if wrong:
        yield Problem(path, wrong.what, wrong.mend)


def _unreadable(path: Path) -> str:
    try:
        Login.read(path)
    except LoginError as error:
        return str(error)
    return ""


def credentials(config: Settings) -> Iterator[Credential]:
    """Yield one credential for each key and each login file, those that cannot be used disabled, with the reason."""
    for index, entry in enumerate(config.section(KEYS)):
        yield _of_key(entry, index)
    entries = login_entries(config)
    names = file_names(entry.path for entry in entries)
    for entry in entries:
        yield _of_login(entry, names[entry.path])


def _of_key(entry: Mapping[str, Any], index: int) -> Credential:
    key, url = entry["api-key"], entry["base-url"].strip().removesuffix("/")
    attributes: dict[str, str | Secret] = {
        "api_key": key,
        "base_url": url,
        "source": f"config:codex[{index}]",
        "proxy_url": entry["proxy-url"],
    }
    return Credential(
        stable_id("codex:apikey", key.reveal(), url),
        PROVIDER,
        "codex-apikey",
        attributes,
        Options.of(entry).metadata,
        priority=entry["priority"],
        weight=entry["weight"],
        health_check=HealthCheck.of(entry["health-check"]),
        max_concurrency=int(entry["max-concurrency"]),
    )


def _of_login(entry: Entry, name: str) -> Credential:
    attributes: dict[str, str | Secret] = {"source": f"path={entry.path}", "proxy_url": entry.proxy_url}
    base = Credential(
        name,
        PROVIDER,
        name,
        attributes,
        priority=entry.priority,
        weight=entry.weight,
        max_concurrency=entry.max_concurrency,
    )
    try:
        stored = Login.read(entry.path)
    except LoginError as error:
        return replace(base, status="disabled", metadata={"reason": str(error)})
    login = latest(stored)
    if login.api_key:
        return replace(base, attributes={**attributes, "api_key": login.api_key, "base_url": login.base_url})
    metadata: dict[str, object] = {
        "access_token": login.access_token,
        "base_url": login.base_url,
        "account_id": login.account,
        "login": entry.path,
    }
    if warning := why_stale(stored):
        metadata["warning"] = warning
    signed_in = replace(base, label=login.email or name, metadata=metadata)
    if reason := reason_of_end(login):
        return replace(signed_in, status="disabled", metadata={**metadata, "reason": reason})
    return signed_in


def file_names(paths: Iterable[Path]) -> dict[Path, str]:
    """Return a name for each path: its last part, and as many parts before it as tell it from the others."""
    known = list(dict.fromkeys(paths))
    names: dict[Path, str] = {}
    for path in known:
        others = [other.parts for other in known if other != path]
        length = 1
        while length < len(path.parts) and any(other[-length:] == path.parts[-length:] for other in others):
            length += 1
        names[path] = "/".join(path.parts[-length:]).lstrip("/")
    return names
