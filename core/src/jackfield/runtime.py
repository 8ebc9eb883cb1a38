"""One configuration put into effect: settings, credentials, models and executors, immutable and swapped as a whole."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .auth import ClientKeys
from .config.settings import Settings
from .credentials import Selector, usable
from .dialects.relay_words import BUILT_IN, RelayWord, RelayWords
from .executor import Executor
from .host import Host
from .plugins import Plugins
from .registry import Registry
from .types import Credential


@dataclass(frozen=True, slots=True)
class Runtime:
    """What requests are served with. A request keeps the runtime it began with: a reload never changes it half-way."""

    settings: Settings
    keys: ClientKeys
    credentials: tuple[Credential, ...]
    registry: Registry
    executors: Mapping[str, Executor]
    selector: Selector
    found: tuple[Credential, ...] = ()
    """Every credential that the configuration implies, those out of rotation too."""
    relay_words: RelayWords = BUILT_IN
    """What relays call things: the operator's rows, the plugins', the house's own."""


NOBODY = "no provider is enabled"
"""What operators and clients are told when no credential is in rotation, and nothing else explains it."""


def build(settings: Settings, plugins: Plugins, host: Host) -> Runtime:
    """Ask the plugins for everything that the settings imply."""
    found = tuple(plugins.credentials(settings))
    factories = plugins.executors(settings)
    models = plugins.models(settings)
    configured = {credential.provider for credential in found}
    executors = plugins.make_executors({name: factories[name] for name in configured & set(factories)}, host)
    # Who has a configuration file wants the providers in it: an answer that is made up would hide that none is left.
    gaps = settings.path is not None or bool(plugins.broken)  # asked last: a plugin may break while it is asked
    credentials = usable(found, gaps=gaps)
    served = {credential.provider for credential in credentials} & set(executors)
    return Runtime(
        settings=settings,
        keys=ClientKeys(settings.api_keys),
        credentials=credentials,
        registry=Registry(models).usable(served),
        executors={name: executors[name] for name in served},
        selector=Selector(host.clock),
        found=found,
        relay_words=BUILT_IN.extended(plugins.relay_words(settings)).extended(map(RelayWord.of, settings.relay_words)),
    )
