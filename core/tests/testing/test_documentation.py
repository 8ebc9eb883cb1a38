"""Every example of docs/testing.md runs as it is printed."""

import re
from importlib.util import find_spec
from pathlib import Path

import jackfield.testing

PAGE = (Path(__file__).parents[3] / "docs" / "testing.md").read_text(encoding="utf-8")
CONFTEST, *EXAMPLES = re.findall(r"```python\n(.*?)```", PAGE, re.S)
PROVIDERS = {'"tppc"': "jackfield_tppc", '"codex-api-key"': "jackfield_codex"}
INI = "[pytest]\nasyncio_mode = auto\nasyncio_default_fixture_loop_scope = function\nfilterwarnings = error\n"


def can_run(block):
    return all(find_spec(module) for section, module in PROVIDERS.items() if section in block)


def test_the_examples_run(pytester):
    blocks = [block for block in EXAMPLES if can_run(block)]
    pytester.makeconftest(CONFTEST)
    pytester.makeini(INI)
    pytester.makepyfile(**{f"test_example_{number}": block for number, block in enumerate(blocks)})
    outcome = pytester.runpytest_subprocess().parseoutcomes()
    assert set(outcome) == {"passed"}, outcome
    assert outcome["passed"] >= len(blocks)


def test_every_public_name_is_on_the_page():
    told = {name for name in jackfield.testing.__all__ if re.search(rf"\b{name}\b", PAGE)}
    assert set(jackfield.testing.__all__) - told == set()
