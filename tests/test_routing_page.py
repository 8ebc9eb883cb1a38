"""The table of who rests in docs/routing.md is that of the code."""

import re
from pathlib import Path

import pytest
from jackfield.metering.account import Account
from jackfield.model.errors import Detail, Kind, RequestFailed, Verdict
from jackfield.model.types import Credential, Model
from jackfield.routing.credentials import SelectionRequest, Selector
from jackfield.routing.registry import Route
from jackfield.testing import FakeClock

PAGE = (Path(__file__).parent.parent / "docs/routing.md").read_text("utf-8")
ROWS = dict(
    re.findall(
        r"^\| (\w+) \|.*\| ([^|]+) \|$",
        PAGE.partition("## Who else is asked")[2].partition("\n`gpt-5-low`")[0],
        re.MULTILINE,
    )
)
FOX = Credential("fox", "fox", "fox")
ROUTES = [Route(name, {"fox": Model(name)}, {"fox": None}) for name in ("gpt-5", "gpt-6")]


def test_every_verdict_has_its_row_in_order():
    assert [row for row in ROWS if row != "about"] == [verdict.value for verdict in Verdict]


@pytest.mark.parametrize("verdict", Verdict)
def test_who_rests_is_as_the_page_says(verdict):
    clock = FakeClock()
    selector = Selector(clock)
    trial = selector.admit(FOX, ROUTES[0], SelectionRequest())
    books = Account(clock, lambda _: None, request_id="r", dialect="responses").attempt("fox", "x", "fox", trial.ended)
    books.close(500, RequestFailed(Kind.UPSTREAM_ERROR, "x", Detail(verdict=verdict)))
    same, other = (bool(selector.order([FOX], route)) for route in ROUTES)

    told = ROWS[verdict.value]
    assert other is not told.startswith("the credential with all its models")
    assert same is not told.startswith("the credential with")
