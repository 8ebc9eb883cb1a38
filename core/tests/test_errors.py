from __future__ import annotations

import pytest
from jackfield.errors import ConfigError, Problem


@pytest.mark.parametrize(
    ("problem", "told", "sentence"),
    [
        (Problem("acme.url", "is required"), "acme.url: is required", "acme.url: is required"),
        (
            Problem("acme.url", "is required", "add it", 3),
            "line 3: acme.url: is required (add it)",
            "acme.url: is required (add it)",
        ),
        (Problem("", "there is no file x", "make it"), "there is no file x (make it)", "there is no file x (make it)"),
        (
            Problem("acme.keys[0].url", "keys[0].url is required when keys[0].on=true", "add it", plain=True),
            "acme.keys[0].url is required when keys[0].on=true (add it)",
            "keys[0].url is required when keys[0].on=true",
        ),
        (
            Problem("acme.url", "acme.url is required", "add it"),
            "acme.url is required (add it)",
            "acme.url is required (add it)",
        ),
        (Problem("host", "the host is open", ""), "the host is open", "the host is open"),
        (Problem("host", "0.0.0.0 is open", ""), "host: 0.0.0.0 is open", "host: 0.0.0.0 is open"),
    ],
)
def test_a_problem_names_its_key_once(problem: Problem, told: str, sentence: str) -> None:
    assert (str(problem), problem.sentence) == (told, sentence)


def test_problems_of_one_section_are_one_sentence() -> None:
    problems = [
        Problem("acme.url", "is required", "add it", 2),
        Problem("port", "must be a number", "", 7),
        Problem("acme[0]", "is empty"),
        Problem("acmes.url", "is foreign"),
        Problem("acme.name", "is odd", warning=True),
    ]

    error = ConfigError(problems, sections=["acme"])

    assert error.sentences == [
        "invalid acme configuration: acme.url: is required (add it); acme[0]: is empty",
        "invalid configuration: line 7: port: must be a number; acmes.url: is foreign",
    ]
    assert str(error) == "; ".join(error.sentences)
    assert list(error.problems) == problems


def test_an_error_has_the_heading_it_is_given() -> None:
    assert (
        str(ConfigError([Problem("a", "is odd")], "invalid acme configuration"))
        == "invalid acme configuration: a: is odd"
    )
    assert str(ConfigError([], "nothing holds")) == "nothing holds"
