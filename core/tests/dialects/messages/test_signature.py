import pytest
from hypothesis import given
from hypothesis import strategies as st
from jackfield.dialects.messages.signature import Sealed, seal, unseal

texts = st.text(st.characters(exclude_categories=("Cs",)))


@given(texts, texts.filter(bool))
def test_what_is_sealed_comes_back_unchanged(maker, blob):
    assert unseal(seal(maker, blob)) == Sealed(maker, blob)


@given(st.one_of(st.text(), st.none(), st.integers(), st.binary(), st.text().map(lambda text: "jf1:" + text)))
def test_anything_can_be_looked_at(value):
    found = unseal(value)
    assert found is None or seal(found.maker, found.encrypted) == value


@pytest.mark.parametrize(
    "foreign",
    ["", "ErUBCkYIBBgCIkAabc==", "cdx1:abc", "jf1:", "jf1:bTE.", "jf1:bTE", "jf1:bTE.a", "jf1:bTE._w", None, 3],
)
def test_foreign_or_damaged_signatures_are_none_of_ours(foreign):
    assert unseal(foreign) is None
