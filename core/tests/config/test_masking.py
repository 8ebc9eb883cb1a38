"""What is shown of secrets, and what sending it back means."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jackfield.config.masking import Unmasking, hidden, is_hash, looks_masked, masked_places
from jackfield.config.schema.view import View

SECRET = {"type": "string", "x-secret": True}
ENTRY = {"type": "object", "properties": {"key": SECRET, "url": {"type": "string"}}}
NAMED = {"type": "object", "properties": {"name": {"type": "string"}, "key": SECRET}}
SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "key": SECRET,
        "keys": {"type": "array", "items": SECRET},
        "url": {"type": "string"},
        "entries": {"type": "array", "items": ENTRY},
        "named": {"type": "array", "items": NAMED},
        "headers": {"type": "object", "additionalProperties": SECRET},
    },
}
VIEW = View.of(SCHEMA)
HASH = "$2b$04$h5RhFIYaHuV37AIkk8qKj.4wJ5L.VzH9ARlDp8m/MOY.3nMJx7LAO"


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ({"key": "sk-fox-1234567"}, {"key": "sk-f...67"}),
        ({"key": "short"}, {"key": "********"}),
        ({"key": ""}, {"key": ""}),
        ({"key": "env:NAME"}, {"key": "env:NAME"}),
        ({"key": "file:/run/key"}, {"key": "file:/run/key"}),
        ({"key": HASH}, {"key": "********"}),
        ({"key": 12345678901234}, {"key": "********"}),
        ({"key": {"deep": "sk-fox-1234567"}}, {"key": "********"}),
        ({"key": None}, {"key": None}),
        ({"kee": "sk-fox-1234567"}, {"kee": "sk-f...67"}),
        ({"kee": {"deep": "sk-fox-1234567"}}, {"kee": "********"}),
        ({"url": "https://u:p@x/v1"}, {"url": "https://***@x/v1"}),
        ({"headers": {"x": "sk-fox-1234567"}}, {"headers": {"x": "sk-f...67"}}),
        ({"keys": ["sk-fox-1234567", 5]}, {"keys": ["sk-f...67", "********"]}),
    ],
)
def test_secrets_are_hidden_wherever_they_stand(written: Any, shown: Any) -> None:
    assert hidden(written, VIEW) == shown


def restored(new: Any, old: Any) -> tuple[Any, list[str]]:
    unmasking = Unmasking()
    return unmasking.restored(new, old, VIEW, ()), [problem.path for problem in unmasking.problems]


OLD = {
    "key": "sk-fox-1234567",
    "keys": ["sk-one-1234567", "sk-two-1234568"],
    "url": "https://u:p@x/v1",
    "entries": [{"key": "sk-ann-1234567", "url": "a"}, {"key": "sk-ben-1234568", "url": "b"}],
    "named": [{"name": "fox", "key": "sk-fox-7654321"}, {"name": "owl", "key": "env:OWL"}],
    "headers": {"x": "sk-hed-1234567"},
}


def test_what_is_shown_comes_back_as_what_it_was() -> None:
    assert restored(hidden(OLD, VIEW), OLD) == (OLD, [])


@pytest.mark.parametrize(
    ("new", "meant"),
    [
        ({"key": "********"}, {"key": "sk-fox-1234567"}),
        ({"keys": ["sk-t...68"]}, {"keys": ["sk-two-1234568"]}),
        ({"keys": ["sk-t...68", "sk-o...67", "new"]}, {"keys": ["sk-two-1234568", "sk-one-1234567", "new"]}),
        ({"entries": [{"key": "sk-b...68", "url": "c"}]}, {"entries": [{"key": "sk-ben-1234568", "url": "c"}]}),
        ({"named": [{"name": "OWL ", "key": "env:OWL"}, {"name": "Fox", "key": "********"}]},
         {"named": [{"name": "OWL ", "key": "env:OWL"}, {"name": "Fox", "key": "sk-fox-7654321"}]}),
        ({"key": "a new key of mine"}, {"key": "a new key of mine"}),
        ({"url": "https://***@x/v1"}, {"url": "https://u:p@x/v1"}),
        ({"url": "https://***@y/v1"}, {"url": "https://***@y/v1"}),
    ],
)  # fmt: skip
def test_a_mask_means_the_value_it_was_shown_for(new: Any, meant: Any) -> None:
    assert restored(new, OLD) == (meant, [])


@pytest.mark.parametrize(
    ("new", "old", "place"),
    [
        ({"key": "sk-f...99"}, OLD, "key"),
        ({"key": "********"}, {"key": ""}, "key"),
        ({"key": "********"}, {}, "key"),
        ({"keys": ["abcd...yz"]}, OLD, "keys[0]"),
        ({"named": [{"name": "new", "key": "sk-f...21"}]}, OLD, "named[0].key"),
        ({"keys": ["", "x", "sk-a...00"]}, {"keys": ["sk-a-first-00", "sk-a-other-00"]}, "keys[2]"),
    ],
)
def test_a_mask_that_stands_for_nothing_is_a_problem(new: Any, old: Any, place: str) -> None:
    assert restored(new, old)[1] == [place]


def test_masks_in_a_text_are_found() -> None:
    data = {"key": "sk-f...67", "keys": ["fine", "********"], "url": "abcd...yz"}

    assert list(masked_places(data, VIEW)) == [("key",), ("keys", 1)]


@given(st.text(min_size=12).filter(lambda text: not text.startswith(("env:", "file:"))))
def test_what_a_secret_is_shown_as_looks_masked(secret: str) -> None:
    assert looks_masked(hidden({"key": secret}, VIEW)["key"])


def test_hashes_are_known_by_their_form() -> None:
    assert is_hash(HASH)
    assert not is_hash(HASH[:-1])
    assert not is_hash("$2b$ is no hash")


KEYS = st.text(max_size=16) | st.sampled_from(["********", "sk-f...67", "env:NAME", "file:/run/key", HASH])
URLS = st.text(max_size=8) | st.sampled_from(["https://u:p@x/v1", "https://***@x/v1", "https://x/v1"])
DATA = st.fixed_dictionaries(
    {},
    optional={
        "key": KEYS,
        "keys": st.lists(KEYS, max_size=4),
        "url": URLS,
        "entries": st.lists(st.fixed_dictionaries({}, optional={"key": KEYS, "url": URLS}), max_size=3),
        "named": st.lists(
            st.fixed_dictionaries({"name": st.sampled_from(["fox", "Owl ", "elk"])}, optional={"key": KEYS}),
            unique_by=lambda entry: str(entry["name"]),
            max_size=3,
        ),
        "headers": st.dictionaries(st.text(max_size=3), KEYS, max_size=3),
        "kee": KEYS,
    },
)


@given(DATA)
def test_whatever_is_shown_comes_back_as_what_it_was(data: dict[str, Any]) -> None:
    assert restored(hidden(data, VIEW), data) == (data, [])


@given(DATA, DATA)
def test_what_comes_back_is_what_was_sent_or_what_was_there(new: dict[str, Any], old: dict[str, Any]) -> None:
    came, _ = restored(new, old)
    if "key" in new:
        assert came["key"] in (new["key"], old.get("key"))
    for was, now in zip(new.get("keys", ()), came.get("keys", ()), strict=True):
        assert now == was or now in old["keys"]
