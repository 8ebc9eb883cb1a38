"""C8: what the proxy itself lacks is its own 503, and no provider's fault. U3: addresses are raced."""

import errno
import socket

import pytest
from jackfield.net import off_limits
from jackfield.upstream import sockets

WANTS = {
    "EMFILE": OSError(errno.EMFILE, "Too many open files"),
    "ENFILE": OSError(errno.ENFILE, "Too many open files in system"),
    "ENOBUFS": OSError(errno.ENOBUFS, "No buffer space available"),
    "EADDRNOTAVAIL": OSError(errno.EADDRNOTAVAIL, "Cannot assign requested address"),
    "ENOMEM": OSError(errno.ENOMEM, "Cannot allocate memory"),
    "no memory": MemoryError(),
    "the resolver": socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution"),
    "the resolver's files": socket.gaierror(socket.EAI_SYSTEM, "System error"),
}


@pytest.mark.parametrize("want", WANTS.values(), ids=WANTS)
async def test_a_want_of_our_own_is_a_503_and_over_when_it_is_over(house, upstream, monkeypatch, want):
    async def fail(*_):
        raise want

    with monkeypatch.context() as patched:
        patched.setattr(off_limits, "addresses", fail)
        for _ in range(5):
            found = await house.post()
            assert found.status_code == 503, found.text
            assert "the proxy itself lacks" in found.text
    assert (await house.post()).status_code == 200
    assert len(upstream.requests) == 1


async def test_a_name_that_is_not_known_is_not_our_fault(house, upstream, monkeypatch):
    async def fail(*_):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(off_limits, "addresses", fail)
    assert (await house.post()).status_code == 502


@pytest.fixture
def deaf():
    """Return the port of 127.0.0.2 at which connecting hangs: its queue of new connections is full."""

    def listen(port):
        listener = socket.socket()
        opened.append(listener)
        listener.bind(("127.0.0.2", port))
        listener.listen(0)
        for _ in range(2):
            filler = socket.socket()
            opened.append(filler)
            filler.setblocking(False)
            filler.connect_ex(("127.0.0.2", port))

    opened = []
    yield listen
    for each in opened:
        each.close()


@pytest.mark.parametrize(
    "order", [["127.0.0.2", "127.0.0.1"], ["127.0.0.3", "127.0.0.2", "127.0.0.1"], ["::1", "127.0.0.1"]]
)
async def test_a_dead_address_does_not_take_the_time_of_the_next(serve, upstream, monkeypatch, deaf, order):
    house = await serve(upstream, config={"limits": {"connect-timeout": 60}})  # longer than the client waits
    deaf(int(upstream.base_url.split(":")[2].split("/")[0]))

    async def found(*_):
        return order

    monkeypatch.setattr(off_limits, "addresses", found)
    assert (await house.post()).status_code == 200


async def test_all_dead_is_one_time_out_in_sum(serve, upstream, monkeypatch, deaf):
    house = await serve(upstream, config={"limits": {"connect-timeout": 1}, "request-retry": 0})
    deaf(int(upstream.base_url.split(":")[2].split("/")[0]))

    async def found(*_):
        return ["127.0.0.2", "127.0.0.2", "127.0.0.2"]

    races = []

    async def race(infos, **options):
        races.append(len(infos))
        return await start_connection(infos, **options)

    start_connection = sockets.aiohappyeyeballs.start_connection
    monkeypatch.setattr(off_limits, "addresses", found)
    monkeypatch.setattr(sockets.aiohappyeyeballs, "start_connection", race)
    assert (await house.post()).status_code == 502
    assert races == [3]  # one race, which the time-out ends, and not one for each address


def test_the_race_has_the_delay_of_the_rfc():
    assert sockets.STAGGER == 0.25
