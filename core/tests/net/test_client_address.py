import pytest
from hypothesis import given
from hypothesis import strategies as st
from jackfield.net.client_address import caller, host_of, networks

PEER = "192.0.2.1"


def scope(*forwarded, peer=PEER):
    headers = [(b"x-forwarded-for", value.encode()) for value in forwarded]
    return {"client": (peer, 1234) if peer else None, "headers": [(b"host", b"x"), *headers]}


@pytest.mark.parametrize(
    ("forwarded", "trusted", "found"),
    [
        ([], (), PEER),
        (["198.51.100.1"], (), PEER),
        (["198.51.100.1"], ("192.0.2.2",), PEER),
        (["198.51.100.1"], (PEER,), "198.51.100.1"),
        (["198.51.100.1"], ("192.0.2.0/24",), "198.51.100.1"),
        (["203.0.113.1, 198.51.100.1"], (PEER,), "198.51.100.1"),
        (["203.0.113.1", "198.51.100.1"], (PEER,), "198.51.100.1"),
        (["203.0.113.1, 10.0.0.1"], (PEER, "10.0.0.0/8"), "203.0.113.1"),
        (["203.0.113.1, 10.0.0.1"], ("10.0.0.0/8",), PEER),
        (["10.0.0.2, 10.0.0.1"], (PEER, "10.0.0.0/8"), "10.0.0.2"),
        (["198.51.100.1:5678"], (PEER,), "198.51.100.1"),
        (["[2001:db8::1]:5678"], (PEER,), "2001:db8::1"),
        (["unknown"], (PEER,), PEER),
        (["203.0.113.1, _hidden"], (PEER,), PEER),
        ([""], (PEER,), PEER),
        (["\xff"], (PEER,), PEER),
    ],
)
def test_forwarded_addresses_count_as_far_as_trusted_proxies_wrote_them(forwarded, trusted, found):
    assert caller(scope(*forwarded), trusted) == found


def test_a_server_that_does_not_know_its_client():
    assert caller(scope("198.51.100.1", peer=""), ("10.0.0.0/8",)) == ""


def test_a_mapped_address_is_the_one_it_maps():
    assert caller(scope("198.51.100.1", peer="::ffff:192.0.2.1"), (PEER,)) == "198.51.100.1"


@pytest.mark.parametrize(
    ("address", "host"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("fe80::1%eth0", "fe80::"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("a socket", "a socket"),
        ("", ""),
    ],
)
def test_what_an_address_is_counted_as(address, host):
    assert host_of(address) == host


@pytest.mark.parametrize("written", ["10.0.0.0/33", "example.com", "", "10.0.0"])
def test_what_is_no_network(written):
    with pytest.raises(ValueError, match="does not appear to be"):
        networks((written,))


HOPS = st.text(max_size=20) | st.sampled_from(
    ["10.0.0.1", "198.51.100.1:80", "[::1", "[]", "::ffff:10.0.0.1", "1.2", "%"]
)


@given(st.lists(st.lists(HOPS, max_size=3).map(",".join), max_size=3), HOPS)
def test_any_header_names_an_address_or_none(forwarded, peer):
    found = caller(scope(*forwarded, peer=peer), (PEER, "10.0.0.0/8"))
    assert found == peer or host_of(found)
    host_of(peer)
