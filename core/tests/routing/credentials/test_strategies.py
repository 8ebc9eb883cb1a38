from collections import Counter
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jackfield.model.types import Credential
from jackfield.routing.credentials.strategies import RoundRobin, SmoothWeightedRoundRobin, by_speed


def one(name, weight=1):
    return Credential(name, "fox", "fox", weight=weight)


def names(credentials):
    return [credential.id for credential in credentials]


TIER = [one(name) for name in "abc"]


def test_turns_go_round():
    turns, told = RoundRobin(), []
    for _ in range(6):
        first = turns.order(TIER)[0].id
        turns.took(first)
        told.append(first)
    assert "".join(told) == "abcabc"


def test_turns_are_even_whatever_tiers_take_part():
    """Two models that alternate, each with both credentials: one number that counts requests would split them badly."""
    turns = RoundRobin()
    used = Counter()
    for number in range(40):
        first = turns.order([TIER[0], TIER[1]] if number % 2 else TIER)[0].id
        turns.took(first)
        used[first] += 1
    assert min(used.values()) >= 10


def test_those_used_longest_ago_come_next():
    turns = RoundRobin()
    for name in "abcb":
        turns.took(name)
    assert names(turns.order(TIER)) == ["a", "c", "b"]


@pytest.mark.parametrize("keeper", [RoundRobin, SmoothWeightedRoundRobin])
def test_those_that_went_are_forgotten(keeper):
    part = keeper()
    part.order(TIER)
    if keeper is RoundRobin:
        part.took("a")
    part.keep({"b"})
    assert names(part.order(TIER))[0] in ("a", "b")


@given(st.lists(st.integers(1, 20), min_size=1, max_size=6), st.integers(1, 5))
def test_shares_are_exact_over_a_whole_round(weights, rounds):
    tier = [one(str(place), weight) for place, weight in enumerate(weights)]
    shares, used = SmoothWeightedRoundRobin(), Counter()
    for _ in range(rounds * sum(weights)):
        order = shares.order(tier)
        assert sorted(names(order)) == sorted(names(tier))
        used[order[0].id] += 1
    assert [used[each.id] for each in tier] == [rounds * weight for weight in weights]


def test_shares_are_spread():
    shares = SmoothWeightedRoundRobin()
    tier = [one("a", 2), one("b", 1)]
    assert "".join(shares.order(tier)[0].id for _ in range(6)) == "abaaba"


def test_the_fastest_comes_first_and_the_unknown_last():
    paces = {"a": 9.0, "c": 2.0}
    random = Random(1)
    random.random = lambda: 0.99
    assert names(by_speed(TIER, lambda each: paces.get(each.id), random)) == ["c", "a", "b"]


def test_others_are_explored_now_and_then_those_of_whom_nothing_is_known_first():
    random = Random(7)
    firsts = Counter(by_speed(TIER, lambda each: {"a": 9.0, "c": 2.0}.get(each.id), random)[0].id for _ in range(2000))
    assert set(firsts) == {"c", "b"}
    assert 900 <= firsts["b"] <= 1100
    firsts = Counter(
        by_speed(TIER, lambda each: {"a": 9.0, "b": 5, "c": 2.0}[each.id], random)[0].id for _ in range(2000)
    )
    assert firsts["a"] + firsts["b"] <= 260
    assert min(firsts["a"], firsts["b"]) > 40


def test_a_tier_of_which_nothing_is_known_keeps_its_order():
    assert names(by_speed(TIER, lambda each: None, Random(1))) == ["a", "b", "c"]
