"""Whether a run was good: what must hold of the process at its end, as sentences."""

from __future__ import annotations

from collections.abc import Iterator

from .run import Result

GROWTH, GROWTH_SHORT = 24.0, 64.0
"""MiB that the process at rest may hold more than after the warm-up: tables of conversations fill, arenas settle.

A short run has met its largest request late, so it may have grown by more.
"""
GROWTH_AN_HOUR = 12.0
"""MiB an hour that memory may rise in the second half of a run that is long enough to tell."""
LONG = 1800.0
"""Seconds from which on a slope means something."""
THREADS = 8
"""Threads of the pool for files that may have come since."""
SECOND = 1.0
"""Seconds within which the upstream of a client that left is to be closed (security.md, line 20)."""


def reasons(result: Result) -> Iterator[str]:
    """Yield everything for which a run is bad; nothing for a good one."""
    for problem, count in result.world.journal.problems.most_common():
        yield f"{problem} ({count} times)"
    before, after = result.before, result.after
    long = result.plan.seconds >= LONG
    allowed = GROWTH if long else GROWTH_SHORT
    if after.rss - before.rss > allowed:
        yield f"memory grew by {after.rss - before.rss:.1f} MiB; {allowed:g} are allowed"
    if long and result.growth > GROWTH_AN_HOUR:
        yield f"memory rises by {result.growth:.1f} MiB an hour; {GROWTH_AN_HOUR:g} are allowed"
    if after.descriptors > before.descriptors:
        yield f"{after.descriptors - before.descriptors} file descriptors were not closed: {dict(result.left_open)}"
    if after.threads > before.threads + THREADS:
        yield f"{after.threads - before.threads} threads are left"
    if not result.world.crowd.tally.outcomes["whole"]:
        yield "no request was answered"
    late = [seconds for seconds in result.world.crowd.tally.closing if seconds > SECOND]
    if len(late) > 0.02 * len(result.world.crowd.tally.closing) + 2:
        yield f"{len(late)} upstreams were closed later than {SECOND:g} s after their client had left"
