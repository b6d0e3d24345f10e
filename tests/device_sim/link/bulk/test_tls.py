"""TLS without a socket, against the other side of the same library."""

import ssl
from itertools import pairwise

import pytest
import trustme
from hypothesis import given, settings
from hypothesis import strategies as st

from device_sim.link.bulk.tls import Channel

AUTHORITY = trustme.CA()


def server_side() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    AUTHORITY.issue_cert("robots.test").configure_cert(context)
    AUTHORITY.configure_trust(context)
    context.verify_mode = ssl.CERT_REQUIRED
    return context


def client_side(authority: trustme.CA = AUTHORITY) -> ssl.SSLContext:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    AUTHORITY.issue_cert("robot-1").configure_cert(context)
    return context


SERVER, CLIENT = server_side(), client_side()


class Peer:
    """A server that says back what it hears."""

    def __init__(self) -> None:
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.object = SERVER.wrap_bio(self.incoming, self.outgoing, server_side=True)
        self.is_shaken = False

    def answer(self, data: bytes) -> bytes:
        self.incoming.write(data)
        try:
            if not self.is_shaken:
                self.object.do_handshake()
                self.is_shaken = True
            while text := self.object.read(65_536):
                self.object.write(text)
        except ssl.SSLWantReadError:
            pass
        return self.outgoing.read()


def pieces(data: bytes, cuts: list[int]) -> list[bytes]:
    places = sorted({0, *(cut for cut in cuts if cut < len(data)), len(data)})
    return [data[a:b] for a, b in pairwise(places)]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.binary(min_size=1, max_size=40_000), min_size=1, max_size=4),
       st.lists(st.integers(0, 60_000), max_size=12))  # fmt: skip
def test_texts_arrive_however_the_bytes_are_cut(texts, cuts) -> None:
    peer, channel = Peer(), Channel(CLIENT, "robots.test")
    heard = b""
    to_peer = b"".join(channel.send(text) for text in texts)  # before the handshake is done

    while to_peer:
        from_peer = peer.answer(to_peer)
        to_peer = b""
        for piece in pieces(from_peer, cuts):
            text, more = channel.receive(piece)
            heard += text
            to_peer += more

    assert heard == b"".join(texts)


def test_a_peer_of_another_authority_is_refused() -> None:
    peer, channel = Peer(), Channel(client_side(trustme.CA()), "robots.test")

    with pytest.raises(ssl.SSLCertVerificationError):
        channel.receive(peer.answer(channel.send(b"hello")))


def test_a_peer_of_another_name_is_refused() -> None:
    peer, channel = Peer(), Channel(CLIENT, "elsewhere.test")

    with pytest.raises(ssl.SSLCertVerificationError):
        channel.receive(peer.answer(channel.send(b"hello")))


def test_what_is_no_tls_is_refused() -> None:
    channel = Channel(CLIENT, "robots.test")
    channel.send(b"hello")

    with pytest.raises(ssl.SSLError):
        channel.receive(b"\x20\x02\x00\x00 and this is plain MQTT")
