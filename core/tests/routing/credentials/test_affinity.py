from hypothesis import given
from hypothesis import strategies as st
from jackfield.routing.credentials.affinity import Affinity


def test_a_conversation_has_the_credential_that_served_last():
    affinity = Affinity()
    affinity.bind("a", "gpt-5", "fox")
    affinity.bind("a", "gpt-5", "owl")
    assert affinity.find("a", "gpt-5") == "owl"
    assert affinity.find("a", "gpt-6") is None
    assert affinity.find("b", "gpt-5") is None


def test_the_one_longest_silent_is_forgotten():
    affinity = Affinity(2)
    affinity.bind("a", "m", "fox")
    affinity.bind("b", "m", "fox")
    affinity.bind("a", "m", "fox")
    affinity.bind("c", "m", "fox")
    assert [affinity.find(name, "m") for name in "abc"] == ["fox", None, "fox"]


@given(st.lists(st.sampled_from("abcdefgh")))
def test_there_are_never_more_than_its_capacity(names):
    affinity = Affinity(3)
    for name in names:
        affinity.bind(name, "m", "fox")
        assert affinity.find(name, "m") == "fox"
        assert len(affinity) <= 3
