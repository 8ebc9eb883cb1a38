"""The parts of the journey that need no upstream; the journeys show the rest."""

import pytest
from jackfield.model.errors import Kind, Unavailable
from jackfield.model.secret import Secret
from jackfield.model.types import Credential, Endpoint
from jackfield.routing.journey import maker_of, own_endpoint
from jackfield.testing import make_app

URL = "http://fox.example/v1"


def one(**attributes):
    return Credential("tppc:fox:1", "fox", "fox", attributes)


@pytest.mark.parametrize(
    ("attributes", "endpoint"),
    [
        ({"api_key": Secret("k"), "base_url": URL}, Endpoint(URL, Secret("k"))),
        ({"api_key": "k", "base_url": URL}, Endpoint(URL, Secret("k"))),
        (
            {"api_key": "k", "base_url": URL, "proxy_url": Secret("http://p")},
            Endpoint(URL, Secret("k"), proxy_url="http://p"),
        ),
        ({"api_key": "k", "base_url": URL, "proxy_url": "http://p"}, Endpoint(URL, Secret("k"), proxy_url="http://p")),
        ({"api_key": "k"}, None),
        ({"base_url": URL}, None),
        ({"api_key": Secret(""), "base_url": URL}, None),
        ({"api_key": "k", "base_url": ""}, None),
        ({}, None),
    ],
)
def test_key_and_url_come_as_a_pair_or_not_at_all(attributes, endpoint):
    assert own_endpoint(one(**attributes)) == endpoint


def test_a_maker_is_stable_and_tells_nothing():
    assert maker_of(one()) == maker_of(one(api_key="k"))
    assert maker_of(one()) != maker_of(Credential("other", "fox", "fox"))
    assert "fox" not in maker_of(one())


def test_an_endpoint_does_not_show_what_opens_it():
    shown = repr(Endpoint(URL, Secret("canary"), {"x": "canary"}, "http://me:canary@proxy"))
    assert "canary" not in shown


def test_unavailable_is_no_fault_of_an_upstream():
    assert not Unavailable(Kind.UNAVAILABLE, "x").kind.failover


def test_nothing_configured_leaves_nothing_to_serve():
    app = make_app({"plugins": {"allow": ["demo"]}, "demo": {"enabled": False}})
    runtime = app.extensions["jackfield"].runtime
    assert runtime.credentials == ()
    assert runtime.executors == {}
    assert runtime.registry.providers == []
