"""One configuration put into effect: settings, credentials, models and executors, immutable and swapped as a whole."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from .auth import ClientKeys
from .config.settings import Settings
from .credentials import Selector, usable
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
    selector: Selector = field(default_factory=Selector)


def build(settings: Settings, plugins: Plugins, host: Host) -> Runtime:
    """Ask the plugins for everything that the settings imply."""
    gaps = bool(settings.missing or plugins.broken)
    credentials = usable(plugins.credentials(settings), gaps=gaps)
    factories = plugins.executors(settings)
    served = {credential.provider for credential in credentials} & set(factories)
    return Runtime(
        settings=settings,
        keys=ClientKeys(settings.api_keys),
        credentials=credentials,
        registry=Registry(plugins.models(settings)).usable(served),
        executors={name: factory(host) for name, factory in factories.items() if name in served},
    )
