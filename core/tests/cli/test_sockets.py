from __future__ import annotations

import socket

import click
import pytest
from jackfield.cli import sockets


def test_every_address_of_a_name_is_on_one_port() -> None:
    bound = sockets.listen("localhost", 0)
    try:
        assert len({each.getsockname()[1] for each in bound}) == 1
        for each in bound:
            socket.create_connection(each.getsockname()[:2]).close()
        assert sockets.urls(bound)[0] == f"http://127.0.0.1:{bound[0].getsockname()[1]}"
    finally:
        for each in bound:
            each.close()


def test_a_socket_can_be_handed_down() -> None:
    [bound] = sockets.listen("127.0.0.1", 0)
    [same] = sockets.inherited([bound.detach()])
    with same:
        socket.create_connection(same.getsockname()).close()


@pytest.mark.parametrize("host", [".example", "a" * 64])
def test_what_is_no_host_at_all_is_refused_too(host: str) -> None:
    with pytest.raises(click.ClickException, match="neither an address nor a name"):
        sockets.listen(host, 0)


def test_a_foreign_address_is_refused_by_name() -> None:
    with pytest.raises(click.ClickException, match=r"cannot listen on 192\.0\.2\.1:0"):
        sockets.listen("192.0.2.1", 0)
