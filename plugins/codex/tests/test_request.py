"""What a request becomes for a Codex-style upstream; the journeys show the same from outside."""

import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jackfield.testing.upstream_rules import check_upstream_request
from jackfield_codex.request import REFUSED, normalised

ASK = {"model": "gpt-5", "input": [{"type": "message", "role": "user", "content": "Hi"}]}


def test_a_plain_request_gets_what_such_upstreams_insist_on():
    found = normalised(ASK, "conv-1")
    assert found == {
        **ASK,
        "stream": True,
        "store": False,
        "include": ["reasoning.encrypted_content"],
        "prompt_cache_key": "conv-1",
    }
    check_upstream_request(found)


@pytest.mark.parametrize("field", sorted(REFUSED))
def test_what_they_refuse_is_left_out(field):
    assert normalised({**ASK, field: "x"}, "c") == normalised(ASK, "c")


def test_the_request_of_the_client_is_not_changed():
    part = {"type": "input_text", "text": "Hi", "prompt_cache_breakpoint": {}}
    item = {"type": "message", "role": "system", "id": "msg_1", "content": [part]}
    body = {**ASK, "input": [item], "store": True, "include": ["x"]}
    before = copy.deepcopy(body)
    normalised(body, "c")
    assert body == before


def test_without_a_session_no_cache_key_is_made_up():
    assert "prompt_cache_key" not in normalised(ASK, "")
    assert normalised({**ASK, "prompt_cache_key": "own"}, "")["prompt_cache_key"] == "own"


@pytest.mark.parametrize("role", ["user", "assistant", "developer"])
def test_other_roles_stay(role):
    item = {"role": role, "content": "x"}
    assert normalised({**ASK, "input": [item]}, "c")["input"] == [item]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=12,
)
ITEM = st.dictionaries(st.sampled_from(["type", "role", "content", "output", "id", "encrypted_content"]), JSON)


@given(
    st.dictionaries(st.sampled_from(["include", "instructions", "prompt_cache_key", "tools"]), JSON),
    st.lists(ITEM | JSON),
)
def test_no_request_makes_it_fail(fields, items):
    found = normalised({**ASK, **fields, "input": items}, "c")
    assert (found["stream"], found["store"]) == (True, False)
    assert isinstance(found.get("instructions", ""), str)
    assert "reasoning.encrypted_content" in found["include"]


@pytest.mark.parametrize(
    "fields",
    [{}, {"instructions": None}, {"instructions": 7}, {"instructions": ""}],
    ids=["absent", "null", "number", "empty"],
)
def test_instructions_that_say_nothing_go_to_an_accounts_backend_alone(fields):
    """L2: a relay that checks them refuses empty ones."""
    assert "instructions" not in normalised({**ASK, **fields}, "c")
    assert normalised({**ASK, **fields}, "c", instructions=True)["instructions"] == ""


@pytest.mark.parametrize("instructions", [True, False])
def test_the_clients_own_instructions_stay(instructions):
    """L2: wherever it goes."""
    found = normalised({**ASK, "instructions": "Be brief."}, "c", instructions=instructions)
    assert found["instructions"] == "Be brief."
