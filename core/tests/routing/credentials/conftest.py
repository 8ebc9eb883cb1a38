"""A selector with its clock, for the tests of the policy as a whole."""

import dataclasses
from random import Random

from jackfield.metering.account import Account
from jackfield.model.types import Credential, Model
from jackfield.routing.credentials import SelectionRequest, Selector
from jackfield.routing.registry import Route
from jackfield.testing import FakeClock

CREDENTIALS = [Credential(name, "fox", "fox") for name in "abc"]
ROUTE = Route("gpt-5", {"fox": Model("gpt-5")}, {"fox": None})
OTHER = Route("gpt-6", {"fox": Model("gpt-6")}, {"fox": None})
HIGH = Route("gpt-5-high", {"fox": Model("gpt-5-high", "gpt-5")}, {"fox": None})


class Policy:
    """A selector with its clock, and attempts in one call."""

    def __init__(self, **wish):
        self.clock = FakeClock()
        self.selector = Selector(self.clock, Random(1))
        self.wish = SelectionRequest(**wish)

    def order(self, route=ROUTE, credentials=CREDENTIALS, **wish):
        return [each.id for each in self.selector.order(credentials, route, dataclasses.replace(self.wish, **wish))]

    def open(self, name="a", route=ROUTE, **wish):
        credential = next(each for each in CREDENTIALS if each.id == name)
        trial = self.selector.admit(credential, route, dataclasses.replace(self.wish, **wish))
        if trial is None:
            return None, None
        account = Account(self.clock, lambda _: None, request_id="r", dialect="responses")
        return trial, account.attempt("fox", route.model, name, trial.ended)

    def attempt(self, name="a", error="", wait=None, times=1, route=ROUTE, **wish):
        """Let attempts of as many conversations end like this; `error` is a kind's value, or a whole failure."""
        for number in range(times):
            trial, books = self.open(name, route, **{"speaker": f"talk {number}", **wish})
            assert trial is not None
            if not error:
                trial.began()
            books.close(200 if not error else 500, error, wait)

    def state(self, name="a"):
        return self.selector.state(next(each for each in CREDENTIALS if each.id == name))
