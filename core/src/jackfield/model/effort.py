"""Reasoning efforts: their order, and what is sent to a model that does not know the one asked for."""

from __future__ import annotations

from collections.abc import Collection

EFFORTS = ("none", "minimal", "low", "medium", "high", "xhigh", "max")
"""Every reasoning effort, from the least."""


def clamp(effort: str, known: Collection[str]) -> str:
    """Return the effort of `known` that is nearest to `effort`: the same, else the next lower one, else the lowest.

    For models that know fewer efforts than clients name: with low, medium and high, `max` becomes `high`. An effort
    that is not in `EFFORTS`, or nothing in `known`, is left alone.
    """
    ladder = [step for step in EFFORTS if step in known]
    if effort in ladder or effort not in EFFORTS or not ladder:
        return effort
    lower = [step for step in ladder if EFFORTS.index(step) < EFFORTS.index(effort)]
    return lower[-1] if lower else ladder[0]
