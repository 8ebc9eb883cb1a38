"""The operator: edits the file, breaks and mends it, writes and reads through the management API, one thing at a time.

Because it is alone, every one of its acts has one right outcome; anything else is a problem.
"""

from __future__ import annotations

import asyncio
import re
import signal
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from random import Random
from typing import Any

import orjson

from .asking import request
from .canaries import leaked
from .journal import Journal
from .pausing import stopped_within
from .wire import BrokenAnswerError, Wires

PREFIX = "/v0/management"
IN_FORCE = 20.0
"""Seconds until an edit must be in force; 2 are promised on a machine that is not busy."""

_BROKEN = ("\nno-such-key: 1\n", "\ntppc: [\n", "\nport: seven\n", "\n\tindented: by a tab\n")
_EDITS: Mapping[str, tuple[str, ...]] = {
    r"strategy: [\w-]+": tuple(f"strategy: {name}" for name in ("round-robin", "fill-first", "weighted", "fastest")),
    r"session-affinity: \w+": ("session-affinity: true", "session-affinity: false"),
    r"request-retry: \d+": ("request-retry: 1", "request-retry: 3", "request-retry: 5"),
    r"log-format: \S+": ("log-format: text", "log-format: json"),
    r"max-streams: \d+": ("max-streams: 1000", "max-streams: 2000"),
}


class Operator:
    """One person with an editor and the management key. `seconds` are those from an edit to its being in force."""

    def __init__(
        self,
        wires: Wires,
        file: Path,
        keys: tuple[str, str],
        journal: Journal,
        secrets: list[str],
        random: Random,
        send: Callable[[signal.Signals], None],
    ) -> None:
        self._wires = wires
        self._file = file
        self._client_key, self._key = keys
        self._journal = journal
        self._secrets = secrets
        self._random = random
        self._signal = send
        self._edition = 0
        self.acts: Counter[str] = Counter()
        self.seconds: list[float] = []

    async def work(self, stop: asyncio.Event) -> None:
        """Do one thing after the other until told to stop, and leave a file that holds."""
        acts: list[tuple[Callable[[], Awaitable[None]], int]] = [
            (self._edit, 4),
            (self._break_and_mend, 2),
            (self._patch_provider, 4),
            (self._switch, 3),
            (self._write_at_once, 2),
            (self._be_refused, 2),
            (self._read_the_file, 2),
            (self._send_signal, 2),
            (self.reset, 12),
        ]
        while not await stopped_within(stop, self._random.uniform(0.3, 2.0)):
            [act] = self._random.choices([act for act, _ in acts], [weight for _, weight in acts])
            await act()

    async def look_around(self, stop: asyncio.Event) -> None:
        """Read what the API tells, again and again."""
        paths = ("/tps", "/tps?group-by=provider&window=5m&buckets=10", "/usage", "/health", "/providers", "/plugins")
        while not await stopped_within(stop, self._random.uniform(0.2, 1.0)):
            await self.manage("GET", self._random.choice(paths))
            self.acts["reads"] += 1

    async def manage(
        self, method: str, path: str, body: Any = None, *, expect: int = 200, headers: Mapping[str, str] | None = None
    ) -> Any:
        """Call the API and return the JSON that it answers; another status than `expect` is a problem."""
        raw = body if isinstance(body, bytes) else b"" if body is None else orjson.dumps(body)
        keyed = {"authorization": f"Bearer {self._key}"} if headers is None else headers
        status, told = await self._exchange(method, PREFIX + path, keyed, raw)
        if status != expect:
            self._journal.problem(f"{method} {path} answered {status}, not {expect}", told[:300].decode())
        if leaked(told, self._secrets):
            self._journal.problem("the management API told a secret", f"{method} {path}")
        return orjson.loads(told) if told.startswith((b"{", b"[")) else None

    async def _exchange(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> tuple[int, bytes]:
        wire = await self._wires.take()
        try:
            async with asyncio.timeout(60):
                await wire.send(request(method, path, self._wires.port, headers, body))
                head = await wire.head()
                return head.status, await wire.body(head)
        except (BrokenAnswerError, OSError, TimeoutError) as error:
            return 0, repr(error).encode()
        finally:
            self._wires.give_back(wire)

    def hang_up(self) -> None:
        """Close the connections that are kept."""
        self._wires.close()

    async def _edit(self) -> None:
        self.acts["valid edits"] += 1
        text = self._file.read_text()
        pattern, choices = self._random.choice(list(_EDITS.items()))
        await self._put_in_force(re.sub(pattern, self._random.choice(choices), text))

    async def _break_and_mend(self) -> None:
        """Break the file, see that everything goes on and that the API does not write over it, and mend it."""
        self.acts["invalid edits"] += 1
        text = self._file.read_text()
        self._write(text + self._random.choice(_BROKEN))
        await asyncio.sleep(self._random.uniform(0.5, 3))
        await self.manage("PUT", "/debug", {"value": False}, expect=409)
        await self.manage("GET", "/health")
        await self._put_in_force(text)

    async def _put_in_force(self, text: str) -> None:
        """Write the file with a model of a new name, and wait until that model is served."""
        self._edition += 1
        name = f"soak-{self._edition}"
        self._write(re.sub(r"soak-\d+", name, text))
        begin = time.monotonic()
        keyed = {"authorization": f"Bearer {self._client_key}"}
        while (await self._exchange("GET", f"/v1/models/{name}", keyed, b""))[0] != 200:
            if time.monotonic() - begin > IN_FORCE:
                self._journal.problem(f"an edit was not in force after {IN_FORCE:.0f} s", name)
                return
            await asyncio.sleep(0.05)
        self.seconds.append(time.monotonic() - begin)

    def _write(self, text: str) -> None:
        """Write the file as editors do: in place, or beside it and then renamed."""
        if self._random.random() < 0.5:
            self._file.write_text(text)
        else:
            new = self._file.with_name("config.yaml~")
            new.write_text(text)
            new.replace(self._file)

    async def _patch_provider(self) -> None:
        """Change a provider; the fox stays, so that there is always one."""
        self.acts["PATCH /tppc"] += 1
        name = self._random.choice(("owl", "elk", "ant"))
        often = 0.3 if name == "ant" else 0.7  # the ant hardly ever rests, and would leave nobody without an answer
        fields = {"enabled": self._random.random() < often, "priority": self._random.choice((0, 0, 1))}
        stored = await self.manage("PATCH", "/tppc", {"providers": [{"name": name, **fields}]})
        self._expect_provider(stored, name, fields)

    def _expect_provider(self, block: Any, name: str, fields: Mapping[str, Any]) -> None:
        found = [each for each in (block or {}).get("providers", ()) if each["name"] == name]
        if not found or any(found[0][key] != value for key, value in fields.items()):
            self._journal.problem("a write is not what is stored", f"{name} {dict(fields)} {found}")

    async def _switch(self) -> None:
        name = self._random.choice(("tps-log", "request-log", "debug"))
        value = self._random.random() < (0.2 if name == "debug" else 0.7)
        self.acts[f"PUT /{name}"] += 1
        await self.manage("PUT", f"/{name}", {"value": value})
        if (await self.manage("GET", f"/{name}") or {}).get(name) is not value:
            self._journal.problem("a write is not what is stored", name)

    async def _write_at_once(self) -> None:
        """Let several writers write at the same time: none may undo what another wrote."""
        self.acts["writes at once"] += 4
        log, fields = self._random.random() < 0.5, {"weight": self._random.randrange(1, 6)}
        await asyncio.gather(
            self.manage("PUT", "/tps-log", {"value": log}),
            self.manage("PUT", "/request-log", {"value": log}),
            self.manage("PATCH", "/tppc", {"providers": [{"name": "elk", **fields}]}),
            self.manage("PATCH", "/packycode", {"enabled": log}),
        )
        self._expect_provider(await self.manage("GET", "/tppc"), "elk", fields)
        for path in ("/tps-log", "/request-log"):
            if (await self.manage("GET", path) or {}).get(path[1:]) is not log:
                self._journal.problem("one writer undid what another wrote", path)

    async def _be_refused(self) -> None:
        self.acts["refused writes"] += 4
        keyed = {"authorization": f"Bearer {self._key}"}
        await self.manage("PATCH", "/tppc", {"providers": [{"name": "new", "enabled": True}]}, expect=422)
        await self.manage("PATCH", "/tppc", b'{"providers": ', expect=400)
        await self.manage("PUT", "/debug", {"value": True}, expect=412, headers={**keyed, "if-match": '"old"'})
        await self.manage("PUT", "/debug", {"value": True}, expect=401, headers={})

    async def _read_the_file(self) -> None:
        self.acts["reads of the file"] += 3
        for path in ("/config", "/tppc", "/packycode"):
            await self.manage("GET", path)

    async def reset(self) -> None:
        """Let all credentials serve again."""
        self.acts["POST /reset-cooldown"] += 1
        began = time.monotonic()
        await self.manage("POST", "/reset-cooldown")
        self._journal.resets.append(began)

    async def _send_signal(self) -> None:
        """Send SIGHUP, which reads the file again, or a signal that must do nothing."""
        chosen = self._random.choice((signal.SIGHUP, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2))
        self.acts[chosen.name] += 1
        self._signal(chosen)
        await self.manage("GET", "/health")

    async def requests_counted(self) -> int:
        """Return how many requests the statistics know."""
        told = await self.manage("GET", "/usage")
        return int(told["usage"]["total"]["requests"])
