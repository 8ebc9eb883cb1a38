"""The walker through the SDKs' typed requests finds what is there, and tells what is on no list."""

from __future__ import annotations

from typing import Annotated, Literal, Optional, Required, TypeAlias, Union

from typing_extensions import TypedDict

from .unions import fields, members, silent, tagged, tags


class Text(TypedDict, total=False):
    text: Required[str]
    type: Required[Literal["text"]]


class Picture(TypedDict, total=False):
    type: Literal["image", "picture"]


class Plain(TypedDict, total=False):
    type: Optional[Literal["custom"]]  # noqa: UP045  # as the SDKs write it


Inner: TypeAlias = Union[Text, Picture]  # noqa: UP007  # as the SDKs write it
Nested: TypeAlias = Union[str, list[Annotated[Inner, "a note"]], Optional[Plain], Literal["none"], Text]  # noqa: UP007, UP045  # as the SDKs write it


def test_members_are_found_through_lists_annotations_and_unions_in_unions() -> None:
    assert list(members(Nested)) == [Text, Picture, Plain]


def test_tags_are_the_literals_also_of_an_optional_field() -> None:
    assert [tags(member) for member in members(Nested)] == [["text"], ["image", "picture"], ["custom"]]
    assert tagged(Nested) == {"text": Text, "image": Picture, "picture": Picture, "custom": Plain}


def test_a_member_without_a_tag_is_told_by_its_emptiness() -> None:
    assert tagged(Text, "role") == {"": Text}


def test_fields_are_told_without_what_requires_them() -> None:
    assert fields(Text)["text"] is str


def test_what_is_on_no_list_is_silent() -> None:
    assert silent(["a", "b", "c_2026"], ["a"], ["c_*"]) == ["b"]
    assert silent(["a"], []) == ["a"]
