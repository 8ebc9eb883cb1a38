"""The scenarios, as data: a new one is a new line here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from .conversation import CALLS, LONG
from .requests import CHAT, MESSAGES, RESPONSES, Dialect

Kind = Literal["load", "idle", "ready"]
Script = Literal["answer", "burst", "paced", "slow"]


@dataclass(frozen=True, slots=True)
class Scenario:
    """What is asked of the target.

    `kind` is how it is measured: `load` sends requests, `idle` lets it rest, `ready` starts it. `script` is what the
    mock upstream answers, `open` how many requests are under way at any time. `usual` scenarios run when none is named.
    """

    name: str
    about: str
    kind: Kind = "load"
    dialect: Dialect = RESPONSES
    agent: bool = False
    """Ask with the 67 KB conversation instead of a short question."""
    calls: int = CALLS
    """How many calls that conversation has."""
    stream: bool = False
    script: Script = "answer"
    open: int = 16
    usual: bool = False


SCENARIOS: dict[str, Scenario] = {
    scenario.name: scenario
    for scenario in (
        Scenario("json", "Responses, not streamed: 1.4 KB answer", usual=True),
        Scenario("stream", "Responses stream: 100 deltas without delay", stream=True, script="burst", usual=True),
        Scenario(
            "paced", "Responses stream: 50 deltas, 20 ms apart", stream=True, script="paced", open=256, usual=True
        ),
        Scenario("idle", "nothing asked, after a few requests", kind="idle", usual=True),
        Scenario("ready", "from start to the first 200 on /healthz", kind="ready", usual=True),
        Scenario("messages-json", "Messages, not streamed: 1.4 KB answer", dialect=MESSAGES),
        Scenario(
            "messages-paced",
            "Messages stream: 50 deltas, 20 ms apart",
            dialect=MESSAGES,
            stream=True,
            script="paced",
            open=256,
        ),
        Scenario("chat-json", "Chat, not streamed: 1.4 KB answer", dialect=CHAT),
        Scenario(
            "chat-paced", "Chat stream: 50 deltas, 20 ms apart", dialect=CHAT, stream=True, script="paced", open=256
        ),
        Scenario("agent", "Responses, 67 KB request, streamed 1.4 KB answer", agent=True, stream=True),
        Scenario(
            "messages-agent",
            "Messages, 67 KB request, streamed 1.4 KB answer",
            dialect=MESSAGES,
            agent=True,
            stream=True,
        ),
        Scenario(
            "agent-stream",
            "an agent's 187 KB Messages request as a stream: 7 deltas, half a second apart",
            dialect=MESSAGES,
            agent=True,
            calls=LONG,
            stream=True,
            script="slow",
            open=256,
        ),
        Scenario("chat-agent", "Chat, 67 KB request, streamed 1.4 KB answer", dialect=CHAT, agent=True, stream=True),
    )
}
