"""The HOME button of running robots: a socket in the data directory that `press-home` talks to.

One packet is a thing's name or its robot's name, the answer one packet: `ok ...` or `no ...`.
"""

import contextlib
import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from device_sim.lan.errors import NoRun, NotPressed
from device_sim.lan.home_network import HomeNetwork

FILE_NAME: Final = "home-buttons"
_MAX_BYTES: Final = 1024
_MAX_PATH_BYTES: Final = 100
_MAX_FINGERS: Final = 8
_TIMEOUT_S: Final = 5.0
_OK: Final = "ok "
_NO: Final = "no "


class Buttons:
    """The socket, served by the home network's exchanges; `press` is told who, and answers.

    Raises NoRun when another run has the directory's buttons.
    """

    def __init__(self, directory: Path, network: HomeNetwork, press: Callable[[str], str]) -> None:
        self._network = network
        self._press = press
        self._path = directory / FILE_NAME
        self._fingers: set[socket.socket] = set()
        if _is_served(directory):
            raise NoRun(f"other robots are on the home network of {directory}: give another --data")
        self._path.unlink(missing_ok=True)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with _short(directory) as name:
            self._socket.bind(name)
        self._path.chmod(0o600)
        self._socket.listen(_MAX_FINGERS)
        self._socket.setblocking(False)
        network.watch(self._socket, self._accept)

    def close(self) -> None:
        """Take the socket away."""
        for finger in list(self._fingers):
            self._let_go(finger)
        self._network.unwatch(self._socket)
        self._socket.close()
        self._path.unlink(missing_ok=True)

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            finger, _ = self._socket.accept()
            finger.setblocking(False)
            if len(self._fingers) >= _MAX_FINGERS:
                finger.close()
                return
            self._fingers.add(finger)
            self._network.watch(finger, lambda: self._hear(finger))

    def _hear(self, finger: socket.socket) -> None:
        with contextlib.suppress(OSError):
            said = finger.recv(_MAX_BYTES).decode(errors="replace")
            try:
                answer = _OK + self._press(said)
            except NotPressed as error:
                answer = _NO + str(error)
            finger.send(answer.encode()[:_MAX_BYTES])
        self._let_go(finger)

    def _let_go(self, finger: socket.socket) -> None:
        self._fingers.discard(finger)
        self._network.unwatch(finger)
        finger.close()


def press_home(directory: Path, name: str) -> str:
    """Hold the button of a running robot; what the robot says.  Raises NoRun or NotPressed."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as finger:
        finger.settimeout(_TIMEOUT_S)
        try:
            with _short(directory) as path:
                finger.connect(path)
            finger.send(name.encode()[:_MAX_BYTES])
            answer = finger.recv(_MAX_BYTES).decode(errors="replace")
        except OSError:
            raise NoRun(
                f"no robots are on the home network of {directory}:"
                f" start some with `robofleet robots --lan --data {directory}`"
            ) from None
    if not answer.startswith(_OK):
        raise NotPressed(answer.removeprefix(_NO) or "the robots are stopping")
    return answer.removeprefix(_OK)


def _is_served(directory: Path) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as probe:
        try:
            with _short(directory) as path:
                probe.connect(path)
        except OSError:
            return False
    return True


@contextlib.contextmanager
def _short(directory: Path) -> Iterator[str]:
    """A path of the socket that fits into an address, which has 107 bytes on Linux."""
    whole = directory / FILE_NAME
    if len(os.fsencode(whole)) < _MAX_PATH_BYTES:
        yield str(whole)
        return
    handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{handle}/{FILE_NAME}"
    finally:
        os.close(handle)
