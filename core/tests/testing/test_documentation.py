"""Every example of docs/testing.md runs as it is printed."""

import re
from pathlib import Path

import jackfield.testing
import pytest

PAGE = Path(__file__).parents[3] / "docs" / "testing.md"
BLOCKS = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.S)
CONFTEST, *EXAMPLES = BLOCKS
PROVIDERS = {'"tppc"': "jackfield_tppc", '"codex-api-key"': "jackfield_codex"}


def title(block):
    return re.search(r"(?:def|class) (\w+)", block)[1]


@pytest.mark.parametrize("block", EXAMPLES, ids=title)
def test_the_example_runs(pytester, block):
    for section, module in PROVIDERS.items():
        if section in block:
            pytest.importorskip(module)
    pytester.makeconftest(CONFTEST)
    pytester.makeini("[pytest]\nasyncio_mode = auto\nasyncio_default_fixture_loop_scope = function\n")
    pytester.makepyfile(block)
    outcome = pytester.runpytest_inprocess("-W", "error").parseoutcomes()
    assert set(outcome) == {"passed"}, outcome


def test_every_public_name_is_on_the_page():
    text = PAGE.read_text(encoding="utf-8")
    told = {name for name in jackfield.testing.__all__ if re.search(rf"\b{name}\b", text)}
    assert set(jackfield.testing.__all__) - told == set()
