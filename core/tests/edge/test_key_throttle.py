from jackfield.edge.key_throttle import BURST, Throttle
from jackfield.testing import FakeClock


def exhausted(throttle, address):
    return [throttle.fail(address) for _ in range(BURST)]


def test_the_last_of_a_burst_brings_a_wait():
    throttle = Throttle(FakeClock())
    assert exhausted(throttle, "192.0.2.1") == [False] * (BURST - 1) + [True]
    assert throttle.wait("192.0.2.1") == 1.0
    assert throttle.wait("192.0.2.2") == 0.0


def test_one_attempt_a_second_is_allowed_then():
    clock = FakeClock()
    throttle = Throttle(clock)
    exhausted(throttle, "192.0.2.1")
    clock.advance(1.0)
    assert throttle.wait("192.0.2.1") == 0.0
    assert throttle.fail("192.0.2.1")
    clock.advance(BURST)
    assert not any(throttle.fail("192.0.2.1") for _ in range(BURST - 1))


def test_what_is_paid_for_is_forgotten():
    clock = FakeClock()
    throttle = Throttle(clock)
    assert not throttle
    throttle.fail("192.0.2.1")
    assert throttle
    clock.advance(1.0)
    assert throttle.wait("192.0.2.1") == 0.0
    assert not throttle


def test_one_host_has_one_count_whatever_its_address_ends_in():
    throttle = Throttle(FakeClock())
    for number in range(BURST):
        throttle.fail(f"2001:db8::{number + 1:x}")
    assert throttle.wait("2001:db8::ffff") > 0
    assert throttle.wait("2001:db8:0:1::1") == 0


def test_its_memory_is_bounded():
    throttle = Throttle(FakeClock(), capacity=3)
    for number in range(10):
        throttle.fail(f"192.0.2.{number}")
    assert len(throttle) == 3
