import pytest
from jackfield.model.effort import clamp


@pytest.mark.parametrize(
    ("effort", "known", "result"),
    [
        ("max", ["low", "medium", "high"], "high"),
        ("max", ["low", "high", "xhigh"], "xhigh"),
        ("xhigh", ["high", "medium"], "high"),
        ("minimal", ["low", "medium"], "low"),
        ("none", ["minimal", "low"], "minimal"),
        ("high", ["low", "high"], "high"),
        ("max", [], "max"),
        ("odd", ["low"], "odd"),
    ],
)
def test_an_effort_is_clamped_to_what_a_model_knows(effort, known, result):
    assert clamp(effort, known) == result
