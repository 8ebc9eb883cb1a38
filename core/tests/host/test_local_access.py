"""K9: the token by which commands of a server's own user get in: made, shared, given up, and shown to nobody else."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from jackfield.host.local_access import LocalAccess, local_token

HERE = "http://127.0.0.1:8317"


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "run"))
    (tmp_path / "run").mkdir()
    return tmp_path / "config.yaml"


def opened(config: Path | None) -> LocalAccess:
    access = LocalAccess(config)
    access.open()
    return access


def test_a_token_lies_beside_the_configuration_as_long_as_the_server_runs(config: Path) -> None:
    file = config.with_name(".config.yaml.token")
    assert local_token(config, HERE) == ""
    access = opened(config)

    token = local_token(config, HERE)

    assert len(token) > 40
    assert access.opens(token)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    access.close()
    assert not file.exists()
    assert not access.opens(token)
    assert not access.opens("")


@pytest.mark.parametrize("wrong", ["", "x", "\udcff"])
def test_nothing_else_opens(config: Path, wrong: str) -> None:
    access = opened(config)

    assert not access.opens(wrong)
    assert not LocalAccess(config).opens(wrong)
    access.close()


@pytest.mark.parametrize(
    ("url", "given"),
    [
        ("http://localhost:9000", True),
        ("http://[::1]:8317", True),
        ("http://127.0.0.2", True),
        ("http://192.0.2.1:8317", False),
        ("https://proxy.example.com", False),
        ("http://[", False),
    ],
)
def test_a_token_is_for_this_machine_alone(config: Path, url: str, given: bool) -> None:
    access = opened(config)

    assert bool(local_token(config, url)) is given
    access.close()


def test_servers_of_one_configuration_share_a_token_until_the_last_one_stops(config: Path) -> None:
    first, second = opened(config), opened(config)
    token = local_token(config, HERE)
    assert first.opens(token)
    assert second.opens(token)

    first.close()

    assert local_token(config, HERE) == token
    assert second.opens(token)
    second.close()
    assert local_token(config, HERE) == ""


def test_servers_of_two_configurations_have_two(config: Path) -> None:
    other = config.with_name("other.yaml")
    one, two = opened(config), opened(other)

    assert not two.opens(local_token(config, HERE))
    assert two.opens(local_token(other, HERE))
    one.close()
    two.close()


def test_what_a_killed_server_left_is_replaced(config: Path) -> None:
    file = config.with_name(".config.yaml.token")
    file.write_text("x" * 100)
    file.chmod(0o600)

    access = opened(config)

    assert not access.opens("x" * 100)
    assert access.opens(local_token(config, HERE))
    access.close()


def test_a_token_file_that_others_may_read_or_have_linked_is_not_used(config: Path, tmp_path: Path) -> None:
    file = config.with_name(".config.yaml.token")
    precious = tmp_path / "precious"
    precious.write_text("not to be written over")
    precious.chmod(0o600)
    for make in (lambda: os.link(precious, file), lambda: file.symlink_to(precious), lambda: file.write_text("open")):
        make()
        access = opened(config)
        assert access.opens(local_token(config, HERE))  # in the user's own folder
        access.close()
        file.unlink()

    assert precious.read_text() == "not to be written over"


def test_without_a_configuration_file_or_a_folder_to_write_there_is_one_in_the_users_folder(config: Path) -> None:
    for path in (None, config.parent / "missing" / "deeper" / "config.yaml"):
        access = opened(path)
        assert access.opens(local_token(path, HERE))
        assert [each.parent.name for each in config.parent.rglob("*.token")] == ["jackfield"]
        access.close()
