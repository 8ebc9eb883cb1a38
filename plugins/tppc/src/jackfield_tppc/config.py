"""The `tppc` section, read: its providers, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from jackfield.api import HealthCheck, ModelDefaults, Problem, Settings
from jackfield_codex import option_problems, wrong_proxy, wrong_url

from .provider import Provider


def entries(config: Settings) -> tuple[Mapping[str, Any], ...]:
    """Return the entries of `tppc.providers`, enabled or not."""
    section = config.section("tppc")
    return tuple(section["providers"]) if section else ()


def enabled_providers(config: Settings) -> list[Provider]:
    """Return the enabled providers of a configuration that was checked."""
    return [_provider(entry) for entry in entries(config) if entry["enabled"]]


def _provider(entry: Mapping[str, Any]) -> Provider:
    name = normal_name(entry["name"])
    return Provider(
        name=name,
        base_url=entry["base-url"].strip(),
        api_key=entry["api-key"],
        priority=entry["priority"],
        weight=entry["weight"],
        models=entry["models"],
        openai_models=entry["openai-models"],
        patterns=entry["model-patterns"],
        proxy_url=entry["proxy-url"],
        headers=entry["headers"],
        default_headers=entry["default-headers"],
        query=entry["query-params"],
        source=f"config:tppc[{name}]",
        health_check=HealthCheck.of(entry["health-check"]),
        defaults=ModelDefaults(entry["defaults"]["model"], entry["defaults"]["model-reasoning-effort"] or None),
        discover=entry["discover-models"],
        max_concurrency=int(entry["max-concurrency"]),
        accepts=tuple(entry["accepts"]),
    )


def normal_name(name: str) -> str:
    """Return a provider's name as it is used everywhere: stripped and lower-cased."""
    return name.strip().lower()


def problems(config: Settings, others: Mapping[str, str]) -> Iterator[Problem]:
    """Yield what a schema cannot say: keys that an enabled provider lacks, URLs without a host, names that clash.

    `others` are the providers of other plugins, each with its plugin.
    """
    seen: dict[str, int] = {}
    for index, entry in enumerate(entries(config)):
        name = normal_name(entry["name"])
        if name:
            yield from _taken(name, index, seen.setdefault(name, index), others.get(name))
        if entry["enabled"]:
            yield from _incomplete(entry, index)


def _taken(name: str, index: int, first: int, other: str | None) -> Iterator[Problem]:
    key = f"providers[{index}].name"
    if other:
        message = f"{key} {name!r} is claimed by plugin tppc, but plugin {other} brings a provider of that name already"
        yield Problem(f"tppc.{key}", message, "choose another name")
    if first != index:
        yield Problem(f"tppc.{key}", f"{key} {name!r} is taken by providers[{first}]", "choose another name")


def _incomplete(entry: Mapping[str, Any], index: int) -> Iterator[Problem]:
    url = entry["base-url"].strip()
    if not entry["name"].strip():
        yield _required("name", index, "write a name, such as fox")
    if not url:
        yield _required("base-url", index, "write the provider's URL, such as https://host/v1")
    elif wrong := wrong_url(url):
        key = f"providers[{index}].base-url"
        yield Problem(f"tppc.{key}", f"{key} {wrong.what}", wrong.mend)
    if wrong := wrong_proxy(entry["proxy-url"].reveal()):
        key = f"providers[{index}].proxy-url"
        yield Problem(f"tppc.{key}", f"{key} {wrong.what}", wrong.mend)
    if not entry["api-key"].reveal().strip():
        yield _required("api-key", index, "write the key, or env:NAME")
    yield from option_problems(entry, "tppc", f"providers[{index}]")


def _required(name: str, index: int, fix: str) -> Problem:
    key = f"providers[{index}].{name}"
    return Problem(f"tppc.{key}", f"{key} is required when providers[{index}].enabled=true", fix, plain=True)
