from __future__ import annotations

from jackfield.config import Document, core_schema, validate
from jackfield.config.schema.prune import pruned, without


def test_what_is_faulty_goes_and_the_rest_stays() -> None:
    document = Document.parse("port: x\nhost: h\nlimits: {idle-timeout: 0, max-streams: 3}\nzebra: {a: 1}\n")

    assert pruned(document, core_schema()).data == {"host": "h", "limits": {"max-streams": 3}}


def test_a_faulty_entry_takes_its_list_along_so_that_no_place_moves() -> None:
    document = Document.parse("model-aliases: [{match: a, model: b}, {match: a}]\nplugins: {disabled: [a, 1]}\n")

    assert pruned(document, core_schema()).data == {"plugins": {}}


def test_a_key_inside_an_entry_goes_alone() -> None:
    document = Document.parse("model-aliases: [{match: a, model: b, efort: c}]\n")

    assert pruned(document, core_schema()).data == {"model-aliases": [{"match": "a", "model": "b"}]}


def test_what_remains_has_no_problem() -> None:
    document = Document.parse("api-keys: [[]]\nrouting: 5\ndebug: {a: 1}\nmodel-aliases: {}\nport: 99999\n")

    assert validate(pruned(document, core_schema()), core_schema()) == []


def test_a_schema_that_nothing_satisfies_ends() -> None:
    schema = {"type": "object", "properties": {}, "required": ["x"]}

    assert pruned(Document.parse("a: 1"), schema).data == {}


def test_leaving_out_the_root_leaves_nothing() -> None:
    assert without({"a": 1}, [()]) == {}
