import pytest
from jackfield_codex import stable_id

# the values that the contract names
KNOWN = [
    ("tppc:fox", "sk-fox-123", "https://fox.example.com/v1", "tppc:fox:7f2ac0170603"),
    ("packycode:codex", "sk-openai-123", "https://codex-api.packycode.com/v1", "packycode:codex:db7cb639a3a1"),
]


@pytest.mark.parametrize(("kind", "key", "url", "expected"), KNOWN)
def test_ids_are_those_that_statistics_were_kept_under(kind, key, url, expected):
    assert stable_id(kind, key, url) == expected
    assert stable_id(kind, f" {key} ", f"{url}\n") == expected


def test_each_part_counts_and_none_is_told():
    ids = {stable_id("k", "a", "b"), stable_id("k", "ab", ""), stable_id("k", "a"), stable_id("l", "a", "b")}
    assert len(ids) == 4
    assert "secret" not in stable_id("k", "secret")
