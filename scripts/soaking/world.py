"""Everything of one run: the relays, the proxy's configuration, its clients and its operator."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from random import Random

from .canaries import canaries
from .hasty import HastyRelay
from .journal import Journal
from .judging import ANSWER_TIMEOUT, Judge
from .operating import Operator
from .providers import Relay
from .proxy import Proxy
from .sdks import Sdks
from .visits import Crowd
from .wire import Wires

TPPC = ("fox", "owl", "elk")

_CONFIG = """\
# A soak's configuration. Edited by hand and over the API while it is in force.
api-keys: [{clients}]
remote-management:
  secret-key: {management}   # becomes its hash
log-format: text
debug: false
request-log: true   # no content
request-retry: 3
routing: {{strategy: round-robin, session-affinity: true}}
limits:
  connect-timeout: 5
  first-byte-timeout: 4     # a hang shall not take long
  stream-idle-timeout: 4
  answer-timeout: {answer_timeout:g}
  handshake-hold: 1
  max-streams: 2000
response-memory: {{max-age: 60}}   # of an hour's answers it would fill for an hour, and every run would seem to leak
tps-log: true
usage-statistics-enabled: true

# Our relays.
tppc:
  providers:
{providers}
    - {{name: ant, enabled: true, base-url: "{hasty.base_url}", api-key: "{hasty.key}"}}
packycode:
  enabled: true
  base-url: {packycode.upstream.base_url}
  credentials:
    openai-api-key: {packycode.key}
"""
_PROVIDER = """\
    # the {relay.name}
    - name: {relay.name}
      enabled: true
      base-url: {relay.upstream.base_url}
      api-key: "{relay.key}"{models}
"""


def new_key(name: str) -> str:
    """Return a key that opens nothing beyond this run."""
    return f"sk-{name}-{secrets.token_hex(12)}"


@dataclass(slots=True)
class World:
    """What takes part in a run."""

    relays: list[Relay]
    hasty: HastyRelay
    proxy: Proxy
    crowd: Crowd
    operator: Operator
    sdks: Sdks
    journal: Journal
    secrets: list[str]


async def begin(proxy: Proxy, random: Random) -> World:
    """Start the relays and the proxy, and return them with clients that are ready to go."""
    journal = Journal()
    relays = [Relay(name, new_key(name), journal, random) for name in (*TPPC, "packycode")]
    for relay in relays:
        await relay.upstream.start()
    hasty = HastyRelay("ant", new_key("ant"), journal, random)
    await hasty.start()
    clients, management = [new_key("client"), new_key("client")], new_key("management")
    proxy.config.write_text(_config(relays, hasty, clients, management))
    known = [*clients, management, hasty.key, *(relay.key for relay in relays)]
    for relay in relays:
        relay.foreign = [secret for secret in known if secret != relay.key]
    proxy.start()
    crowd = Crowd(Wires(proxy.port), clients, canaries(random), random, journal, Judge(journal, known))
    operator = Operator(Wires(proxy.port), proxy.config, (clients[0], management), journal, known, random, proxy.send)
    return World(relays, hasty, proxy, crowd, operator, Sdks(proxy.port, clients[1]), journal, known)


def _config(relays: list[Relay], hasty: HastyRelay, clients: list[str], management: str) -> str:
    *tppc, packycode = relays
    models = "\n      models: [soak-0]"
    providers = [_PROVIDER.format(relay=relay, models=models if relay.name == TPPC[0] else "") for relay in tppc]
    return _CONFIG.format(
        clients=", ".join(clients),
        management=management,
        answer_timeout=ANSWER_TIMEOUT,
        providers="".join(providers).rstrip("\n"),
        packycode=packycode,
        hasty=hasty,
    )
