"""Building a runtime: every plugin is asked for what the settings imply."""

from __future__ import annotations

from ..config.settings import Settings
from ..plugins.host import Host
from ..plugins.manager import Plugins
from ..responses.verdicts.relay_words import BUILT_IN, RelayWord
from ..routing.credentials import Selector, usable
from ..routing.registry import Registry
from ..routing.runtime import Runtime


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
        credentials=credentials,
        registry=Registry(models).usable(served),
        executors={name: executors[name] for name in served},
        selector=Selector(host.clock),
        found=found,
        relay_words=BUILT_IN.extended(plugins.relay_words(settings)).extended(map(RelayWord.of, settings.relay_words)),
    )
