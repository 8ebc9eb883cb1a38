"""C8: descriptors are raised at the start, and a shortage is told."""

import resource
import subprocess
import sys

import pytest
from jackfield.cli.descriptors import shortage


@pytest.mark.parametrize(
    ("limit", "streams", "told"),
    [(4000, 2000, False), (3999, 2000, True), (0, 2000, False), (64, 0, False), (1024, 2000, True)],
)
def test_a_limit_below_twice_the_streams_is_told(limit, streams, told):
    words = shortage(limit, streams)
    assert bool(words) is told
    assert not told or f"limits.max-streams: {streams}" in words


def test_the_soft_limit_becomes_the_hard_one():
    code = (
        "import resource; hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1];"
        "resource.setrlimit(resource.RLIMIT_NOFILE, (64, hard));"
        "from jackfield.cli.descriptors import raise_limit; raise_limit();"
        "print(resource.getrlimit(resource.RLIMIT_NOFILE)[0] == hard)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "True"
    assert resource.getrlimit(resource.RLIMIT_NOFILE)
