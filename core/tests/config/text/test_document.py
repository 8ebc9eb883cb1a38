from __future__ import annotations

from pathlib import Path

import pytest
from jackfield.config.text.document import Document, find
from jackfield.model.errors import ConfigError


def test_every_key_and_item_has_its_line() -> None:
    document = Document.parse("# intro\nhost: h\n\ntppc:\n  providers:\n    - name: a\n      url: u\n    - {name: b}\n")

    assert document.data == {"host": "h", "tppc": {"providers": [{"name": "a", "url": "u"}, {"name": "b"}]}}
    assert document.line_of(("host",)) == 2
    assert document.line_of(("tppc",)) == 4
    assert document.line_of(("tppc", "providers", 0)) == 6
    assert document.line_of(("tppc", "providers", 0, "url")) == 7
    assert document.line_of(("tppc", "providers", 1, "name")) == 8


def test_a_place_that_is_not_there_has_the_line_of_what_surrounds_it() -> None:
    document = Document.parse("tppc:\n  providers:\n    - name: a\n")

    assert document.line_of(("tppc", "providers", 0, "api-key")) == 3
    assert document.line_of(("nowhere",)) == 0


def test_an_empty_file_is_an_empty_configuration() -> None:
    assert Document.parse("").data == {}
    assert Document.parse("# nothing yet\n").data == {}
    assert Document.read(None).data == {}


def test_a_file_is_read_from_disk(tmp_path: Path) -> None:
    file = tmp_path / "c.yaml"
    file.write_text("\ufeffhost: höst\n", encoding="utf-8")

    document = Document.read(file)

    assert document.data == {"host": "höst"}
    assert document.path == file


def test_a_file_that_cannot_be_used_says_why(tmp_path: Path) -> None:
    latin = tmp_path / "latin.yaml"
    latin.write_bytes(b"a: 1\nb: \xe4\n")
    expected = {tmp_path / "gone.yaml": "no file", tmp_path: "directory", latin: "UTF-8"}

    for path, word in expected.items():
        with pytest.raises(ConfigError, match=word) as caught:
            Document.read(path)
        assert caught.value.problems[0].fix
    assert caught.value.problems[0].line == 2


def test_the_file_is_found_by_option_then_environment_then_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    environ = {"JACKFIELD_CONFIG": "from-env.yaml"}

    assert find("named.yaml", environ) == Path("named.yaml")
    assert find(None, environ) == Path("from-env.yaml")
    assert find(None, {"JACKFIELD_CONFIG": ""}) is None
    (tmp_path / "config.yaml").touch()
    assert find(None, {}) == Path("config.yaml")
