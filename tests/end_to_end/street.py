"""Two network namespaces joined by a veth pair: a robot's and its clients'.

Clients of real robots bind UDP 5678 on all addresses, so none can run beside a robot.
"""

import os
import secrets
import shutil
import subprocess
from collections.abc import Sequence

ROBOT, CLIENT = "10.77.0.2", "10.77.0.1"


class NotPermitted(Exception):
    """This machine makes no network namespaces for us; the message says why."""


def _ip(*arguments: str) -> None:
    done = subprocess.run(["ip", *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise NotPermitted(f"ip {' '.join(arguments)}: {done.stderr.strip()}")


class Street:
    """The two namespaces, gone after `close`."""

    def __init__(self) -> None:
        if shutil.which("ip") is None:
            raise NotPermitted("there is no ip (apt-get install iproute2)")
        if os.geteuid():
            raise NotPermitted("only root makes network namespaces")
        name = secrets.token_hex(4)
        self.robot, self.client = f"robot-{name}", f"client-{name}"
        try:
            self._build(name)
        except NotPermitted:
            self.close()
            raise

    def _build(self, name: str) -> None:
        ends = ((self.robot, f"vr{name}", ROBOT), (self.client, f"vc{name}", CLIENT))
        for side, _, _ in ends:
            _ip("netns", "add", side)
            _ip("-n", side, "link", "set", "lo", "up")
        (_, near, _), (_, far, _) = ends
        peer = ("type", "veth", "peer", "name", far, "netns", self.client)
        _ip("-n", self.robot, "link", "add", near, *peer)
        for side, end, address in ends:
            _ip("-n", side, "address", "add", f"{address}/24", "dev", end)
            _ip("-n", side, "link", "set", end, "up")
        # where broadcasts to 255.255.255.255 leave
        _ip("-n", self.client, "route", "add", "default", "via", ROBOT)

    def at_robot(self, command: Sequence[str]) -> list[str]:
        """The command, run where the robot is."""
        return ["ip", "netns", "exec", self.robot, *command]

    def at_client(self, command: Sequence[str]) -> list[str]:
        """The command, run where clients are."""
        return ["ip", "netns", "exec", self.client, *command]

    def close(self) -> None:
        """Take both away, and the pair with them."""
        for side in (self.robot, self.client):
            subprocess.run(["ip", "netns", "delete", side], capture_output=True, check=False)
