"""The `tppc` section, read: providers with every default filled in, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from jackfield.api import Credential, Problem, Secret, Settings
from jackfield_codex import stable_id, wrong_url

RESERVED = frozenset({"codex", "packycode", "demo"})
"""Names of providers that other plugins bring."""


@dataclass(frozen=True, slots=True)
class Provider:
    """One enabled provider."""

    name: str
    base_url: str
    api_key: Secret
    priority: int
    weight: int
    models: tuple[str, ...]
    openai_models: bool
    patterns: tuple[str, ...]
    proxy_url: Secret
    headers: Mapping[str, Secret]


def entries(config: Settings) -> tuple[Mapping[str, Any], ...]:
    """Return the entries of `tppc.providers`, enabled or not."""
    section = config.section("tppc")
    return tuple(section["providers"]) if section else ()


def enabled_providers(config: Settings) -> list[Provider]:
    """Return the enabled providers of a configuration that was checked."""
    return [_provider(entry) for entry in entries(config) if entry["enabled"]]


def _provider(entry: Mapping[str, Any]) -> Provider:
    return Provider(
        name=normal_name(entry["name"]),
        base_url=entry["base-url"].strip().removesuffix("/"),
        api_key=entry["api-key"],
        priority=entry["priority"],
        weight=entry["weight"],
        models=entry["models"],
        openai_models=entry["openai-models"],
        patterns=entry["model-patterns"],
        proxy_url=entry["proxy-url"],
        headers=entry["headers"],
    )


def normal_name(name: str) -> str:
    """Return a provider's name as it is used everywhere: stripped and lower-cased."""
    return name.strip().lower()


def credential(provider: Provider) -> Credential:
    """Return the credential of a provider; its id depends on name, key and URL alone."""
    attributes: dict[str, str | Secret] = {
        "api_key": provider.api_key,
        "base_url": provider.base_url,
        "source": f"config:tppc[{provider.name}]",
    }
    metadata = {"tppc_headers": provider.headers, "proxy_url": provider.proxy_url}
    return Credential(
        stable_id(f"tppc:{provider.name}", provider.api_key.reveal(), provider.base_url),
        provider.name,
        provider.name,
        attributes,
        metadata,
        priority=provider.priority,
        weight=provider.weight,
    )


def problems(config: Settings) -> Iterator[Problem]:
    """Yield what a schema cannot say: keys that an enabled provider lacks, URLs without a host, names that clash."""
    seen: dict[str, int] = {}
    for index, entry in enumerate(entries(config)):
        place = f"tppc.providers[{index}]"
        name = normal_name(entry["name"])
        if name in RESERVED:
            yield Problem(
                f"{place}.name", f"providers[{index}].name {name!r} is another plugin's", "choose another name"
            )
        if name in seen:
            first = f"providers[{seen[name]}]"
            yield Problem(
                f"{place}.name", f"providers[{index}].name {name!r} is taken by {first}", "choose another name"
            )
        seen.setdefault(name, index)
        if entry["enabled"]:
            yield from _incomplete(entry, index, place)


def _incomplete(entry: Mapping[str, Any], index: int, place: str) -> Iterator[Problem]:
    needed = f"is required when providers[{index}].enabled=true"
    url = entry["base-url"].strip()
    if not url:
        yield Problem(
            f"{place}.base-url",
            f"providers[{index}].base-url {needed}",
            "write the provider's URL, such as https://host/v1",
        )
    elif mend := wrong_url(url):
        yield Problem(f"{place}.base-url", f"providers[{index}].base-url must be an http(s) URL with a host", mend)
    if not entry["api-key"].reveal().strip():
        yield Problem(f"{place}.api-key", f"providers[{index}].api-key {needed}", "write the key, or env:NAME")
