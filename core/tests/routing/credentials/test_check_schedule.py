"""When credentials are checked: apart from each other, one check at a time."""

from random import Random

from jackfield.model.types import HealthCheck
from jackfield.routing.credentials import Schedule

CHECKS = {name: HealthCheck(interval=30) for name in "abcdefgh"}


def test_the_first_checks_come_soon_and_apart():
    schedule = Schedule(Random(1))
    schedule.follow(CHECKS, 100.0)

    at = [sorted(schedule.take(100.0 + tenth / 10)) for tenth in range(51)]

    assert sorted(name for due in at for name in due) == sorted(CHECKS)
    assert max(map(len, at)) <= 2, "not all at once"


def test_a_short_interval_is_not_outwaited_by_the_first_check():
    schedule = Schedule(Random(1))
    schedule.follow({"a": HealthCheck(interval=1)}, 0.0)
    assert schedule.take(1.0) == ["a"]


def test_it_says_how_long_nothing_is_due():
    schedule = Schedule(Random(1))
    assert schedule.left(0.0) == float("inf")
    schedule.follow({"a": HealthCheck(interval=3)}, 100.0)
    left = schedule.left(100.0)
    assert 0 < left < 3
    assert schedule.take(100.0 + left) == ["a"]
    assert schedule.left(200.0) == float("inf")
    schedule.done("a", 200.0)
    assert schedule.left(1000.0) == 0


def test_a_check_under_way_is_not_due_however_long_it_takes():
    schedule = Schedule(Random(1))
    schedule.follow(CHECKS, 0.0)
    assert sorted(schedule.take(1000.0)) == sorted(CHECKS)
    assert schedule.take(5000.0) == []


def test_the_next_check_comes_an_interval_after_the_end_of_the_one_before_a_tenth_more_or_less():
    schedule = Schedule(Random(1))
    schedule.follow(CHECKS, 0.0)
    schedule.take(5.0)
    for name in CHECKS:
        schedule.done(name, 10.0)

    assert schedule.take(36.9) == []
    some = schedule.take(40.0)
    assert 0 < len(some) < len(CHECKS)
    assert sorted([*some, *schedule.take(43.1)]) == sorted(CHECKS)


def test_another_configuration_begins_what_is_new_keeps_what_is_not_and_ends_the_rest():
    schedule = Schedule(Random(1))
    schedule.follow(CHECKS, 0.0)
    schedule.take(5.0)
    for name in CHECKS:
        schedule.done(name, 5.0)

    same = schedule.follow({"a": CHECKS["a"], "b": HealthCheck(interval=2), "z": HealthCheck(interval=30)}, 6.0)

    assert same == {"a"}
    assert sorted(schedule.take(11.0)) == ["b", "z"]
    assert schedule.take(50.0) == ["a"]
    schedule.done("c", 50.0)
    assert schedule.take(1000.0) == [], "the check of one that is gone plans no other"
