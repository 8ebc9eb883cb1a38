"""What the memory of answers believes to hold is what it holds: its bound in bytes is one of the process, X6."""

import tracemalloc

import pytest
from jackfield.dialects.responses.memory import Asked, Bounds, ResponseMemory
from jackfield.testing import FakeClock

LIMIT = 1024 * 1024
LONG_NAME = "n" * 3000


def message(name, text):
    return {"id": name, "type": "message", "content": [{"type": "output_text", "text": text}]}


SHAPES = {
    "short": lambda n: (f"resp_{n}", "", "Hi", [message(f"msg_{n}", "Yes?")]),
    "of nothing": lambda n: (f"resp_{n}", "", "", []),
    "of many items": lambda n: (f"resp_{n}", "", "Hi", [message(f"msg_{n}_{m}", "") for m in range(100)]),
    "long": lambda n: (f"resp_{n}", "", "x" * 5000, [message(f"msg_{n}", "y" * 5000)]),
    "of a packed question": lambda n: (f"resp_{n}", "", f"{n}" * 50_000, [message(f"msg_{n}", "Yes?")]),
    "with a long name": lambda n: (f"{n}{LONG_NAME}", "", "Hi", []),
    "with a long name of an item": lambda n: (f"resp_{n}", "", "Hi", [message(f"{n}{LONG_NAME}", "")]),
    "after one with a long name": lambda n: (f"resp_{n}", f"{n}{LONG_NAME}", "Hi", []),
}


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_a_full_memory_takes_about_the_bytes_that_it_counts(shape):
    """What is counted as 64 MiB once took 400: each short text kept a buffer of 4 KiB."""
    memory = ResponseMemory(FakeClock(), lambda: Bounds(LIMIT, 3600))
    tracemalloc.start()
    try:
        for number in range(1200):
            name, previous, text, output = shape(number)
            asked = Asked.of(previous, [{"role": "user", "content": text}])
            memory.keep(f"client {number % 2}", name, asked, output, "maker")
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert LIMIT * 0.9 < memory.size <= LIMIT
    assert memory.size / 4 < held < memory.size * 1.25
