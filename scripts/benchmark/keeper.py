"""A process that fills the statistics through the plugin's hook, asks the management API, and prints its figures.

Time is a clock that it turns itself: samples are spread over a day, whatever the machine takes to store them.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from jackfield.api import CompletionRecord, Host, Usage
from jackfield.testing import FakeClock, make_app

from .accounting import MIB, resident_bytes
from .measure import percentile

DAY = 24 * 3600
AT_ONCE = 10_000
"""Records between two questions: an answer takes in all that was added before it, so that none has to wait long."""
ASKED = 10
"""How often each question is asked for its time."""
KEY = "the-management-key-of-a-benchmark"
QUESTIONS = {
    "tps": "window=24h",
    "groups": "window=24h&group-by=provider_model",
    "hour": "window=1h&group-by=provider_model&buckets=30",
}
_SERVED = [(provider, model) for provider in ("fox", "owl", "elk", "hen") for model in ("gpt-5", "gpt-5-high", "o9")]


class Keeper:
    """A proxy that nobody asks anything but its statistics."""

    def __init__(self, store: str, megabytes: int) -> None:
        self.clock = FakeClock()
        config = {
            "statistics": {"store": store, "max-megabytes": megabytes},
            "remote-management": {"secret-key": KEY, "allow-remote": True},
        }
        self.app = make_app(config, path=Path("config.yaml"), clock=self.clock)
        self._host: Host = self.app.extensions["jackfield"]
        self._statistics: Any = self._host.plugin("tps")
        self._records = records(self.clock)

    async def add(self, count: int, seconds: float) -> None:
        """Add so many records, spread over so many seconds."""
        for number in range(1, count + 1):
            self.clock.advance(seconds / count)
            self._statistics.on_request_complete(next(self._records))
            if number % AT_ONCE == 0 or number == count:
                await self.ask("window=1s")

    async def ask(self, query: str) -> dict[str, Any]:
        """Return what `/tps` tells."""
        headers = {"Authorization": f"Bearer {KEY}"}
        answer = await self.app.test_client().get(f"/v0/management/tps?{query}", headers=headers)
        if answer.status_code != 200:
            raise RuntimeError(f"/tps says {answer.status_code}")
        told: dict[str, Any] = (await answer.get_json())["tps"]
        return told

    async def times(self, query: str) -> list[float]:
        """Return how long a question took, in milliseconds, each time that it was asked."""
        found = []
        for _ in range(ASKED):
            begun = time.perf_counter()
            await self.ask(query)
            found.append((time.perf_counter() - begun) * 1000)
        return found


def records(clock: FakeClock) -> Iterator[CompletionRecord]:
    """Yield records of streamed answers that have just ended, from twelve series, with speeds that differ."""
    chance = random.Random(1)  # noqa: S311 - the same samples in every run
    while True:
        provider, model = chance.choice(_SERVED)
        output, waited = chance.randint(50, 2000), chance.lognormvariate(0, 0.5)
        ended = clock.monotonic()
        first = ended - output / min(max(chance.gauss(70, 20), 5), 500)
        yield CompletionRecord(
            scope="request", request_id="", attempt=1, dialect="responses", provider=provider, model=model,
            credential="", client="", streaming=True, status=200, error="", started=first - waited, ended=ended,
            measured_at=clock.now(), first_output=first, last_output=ended, outputs=output,
            usage=Usage(chance.randint(500, 60_000), output), attempt_started=first - waited,
        )  # fmt: skip


def used(suffix: str) -> dict[str, float]:
    """Return the memory and the space on the disk that are in use now: MiB, and MB as the configuration counts them."""
    figures = {f"resident{suffix}": resident_bytes(os.getpid()) / MIB}
    files = list(Path().glob("*.sqlite3*"))
    return figures | ({f"file{suffix}": sum(file.stat().st_size for file in files) / 1e6} if files else {})


def peak() -> float:
    """Return the most memory that this process ever had, in MiB."""
    [line] = [line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM")]
    return int(line.split()[1]) / 1024


async def main(store: str, megabytes: int, count: int) -> None:
    """Fill it, overfill it, let it grow old; print what that cost."""
    keeper = Keeper(store, megabytes)
    async with keeper.app.test_app():
        await keeper.add(1, 1)
        figures = {"resident_before": used("")["resident"]}
        await keeper.add(count - 1, DAY - 60)
        figures |= used("") | {"kept": (await keeper.ask(""))["requests"]}
        for name, query in QUESTIONS.items():
            times = await keeper.times(query)
            figures |= {f"{name}_ms": percentile(times, 50), f"{name}_p90_ms": percentile(times, 90)}
        await keeper.add(count // 4, 1800)
        figures |= used("_more") | {"kept_more": (await keeper.ask(""))["requests"], "peak": peak()}
        keeper.clock.advance(DAY + 60)
        figures["kept_old"] = (await keeper.ask(""))["requests"]
    print(json.dumps(figures), flush=True)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
