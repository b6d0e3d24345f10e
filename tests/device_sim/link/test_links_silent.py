"""What every link promises at a broker that takes connections and then falls silent."""

import socket
from collections.abc import Iterator

import pytest

from cloud_functions.contract.mqtt.packets import Version
from tests.device_sim.link.shell import names

CONNACKS = {Version.V311: b"\x20\x02\x00\x00", Version.V5: b"\x20\x03\x00\x00\x00"}


class Silent:
    """A listener that counts who comes and who goes; its first word to each is its last."""

    def __init__(self, listener: socket.socket) -> None:
        self._listener = listener
        self.word = b""
        self._open: list[socket.socket] = []
        self.url = f"mqtt://127.0.0.1:{listener.getsockname()[1]}"
        self.came = self.gone = 0
        listener.setblocking(False)

    def look(self) -> None:
        """Take in what has happened."""
        try:
            while True:
                line, _ = self._listener.accept()
                line.sendall(self.word)
                line.setblocking(False)
                self._open.append(line)
                self.came += 1
        except BlockingIOError:
            pass
        for line in list(self._open):
            if self._is_over(line):
                self._open.remove(line)
                line.close()
                self.gone += 1

    @staticmethod
    def _is_over(line: socket.socket) -> bool:
        try:
            while line.recv(65_536):
                pass
        except BlockingIOError:
            return False
        except ConnectionResetError:
            return True
        return True

    def close(self) -> None:
        for line in self._open:
            line.close()


@pytest.fixture
def silent() -> Iterator[Silent]:
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listener:
        made = Silent(listener)
        yield made
        made.close()


@pytest.mark.parametrize("is_greeted", [False, True], ids=["nothing", "CONNACK"])
def test_a_try_that_is_never_answered_is_given_up_and_said_and_followed_by_another(
    speaker, make_shell, silent, is_greeted
) -> None:
    kind, version = speaker
    silent.word = CONNACKS[version] if is_greeted else b""
    shell = make_shell(kind, names(2), silent.url, version=version, answer_s=0.3)

    def tried_again(_came) -> bool:
        silent.look()
        return silent.gone >= 2 and silent.came >= 4

    shell.until(tried_again, 30)

    counts = shell.links.counts
    assert counts.complaint.startswith(f"{silent.url}: connecting took too long")
    assert (counts.connected, counts.connects, counts.losses) == (0, 0, 0)
    assert shell.came.connected == []
