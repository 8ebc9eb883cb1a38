"""Thinking and effort."""

import pytest


@pytest.mark.parametrize("effort", ["low", "medium", "high", "xhigh", "max"])
def test_a_named_effort_travels_as_it_is(translate, effort):
    assert translate(output_config={"effort": effort}).body["reasoning"] == {"effort": effort}


def test_an_unknown_effort_is_tolerated(translate):
    assert "reasoning" not in translate(output_config={"effort": "gigantic"}).body


@pytest.mark.parametrize(
    ("budget", "effort"),
    [
        (1024, "low"),
        (4095, "low"),
        (4096, "medium"),
        (16383, "medium"),
        (16384, "high"),
        (31999, "high"),
        (64000, "high"),
    ],
)
def test_a_budget_tells_the_effort(translate, budget, effort):
    body = translate(thinking={"type": "enabled", "budget_tokens": budget}).body
    assert body["reasoning"] == {"effort": effort, "summary": "auto"}


def test_effort_wins_over_budget(translate):
    body = translate(thinking={"type": "enabled", "budget_tokens": 1024}, output_config={"effort": "max"}).body
    assert body["reasoning"] == {"effort": "max", "summary": "auto"}


@pytest.mark.parametrize("kind", ["adaptive", "between_tools", "enabled"])
def test_thinking_without_measure_names_no_effort_but_wants_a_summary(translate, kind):
    parsed = translate(thinking={"type": kind})
    assert parsed.body["reasoning"] == {"summary": "auto"}
    assert parsed.context.show_thinking is True


def test_disabled_thinking_is_the_least_that_every_model_knows_without_summary(translate):
    assert translate(thinking={"type": "disabled"}).body["reasoning"] == {"effort": "low"}
    both = translate(thinking={"type": "disabled"}, output_config={"effort": "high"})
    assert both.body["reasoning"] == {"effort": "high"}


def test_omitted_display_needs_no_summary(translate):
    parsed = translate(thinking={"type": "adaptive", "display": "omitted"}, output_config={"effort": "medium"})
    assert parsed.body["reasoning"] == {"effort": "medium"}
    assert parsed.context.show_thinking is False


@pytest.mark.parametrize("display", ["summarized", "updates", None])
def test_any_other_display_gets_the_summary(translate, display):
    assert translate(thinking={"type": "adaptive", "display": display}).body["reasoning"] == {"summary": "auto"}


def test_neither_asks_for_nothing(translate):
    assert "reasoning" not in translate().body
    assert "reasoning" not in translate(thinking={"type": "new_kind"}).body
