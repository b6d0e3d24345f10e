"""A run's robots on their home network: sockets, buttons and what the firmware needs of them."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv4Address
from pathlib import Path

from device_sim.firmware.batches import Incoming, Outgoing
from device_sim.firmware.firmware import Firmware
from device_sim.lan.buttons import Buttons
from device_sim.lan.certificate import server_context
from device_sim.lan.discovery import answer
from device_sim.lan.errors import NotPressed
from device_sim.lan.home_network import PAIRING_S, HomeNetwork, HomeOptions
from device_sim.lan.identity import home_robots
from device_sim.robot.fleet import Fleet
from device_sim.robot.phases import DOCKED

_SHOWN = 8


@dataclass(frozen=True, slots=True)
class LanOptions:
    """Where the robots of a run are at home."""

    data: Path
    """The run's directory: certificate and buttons are there."""
    address: str | None = None
    """The first robot's; the others have loopback addresses of their own."""
    tls_port: int = 8883
    udp_port: int = 5678
    pairs_only: bool = True
    """Whether families that take settings of a pair only together do so (section 8)."""


class AtHome:
    """The home network of one run.  Raises HomeError."""

    def __init__(
        self, options: LanOptions, firmware: Firmware, clock: Callable[[], float] = time.time
    ) -> None:
        self._firmware = firmware
        self._clock = clock
        fleet = firmware.fleet
        self.robots = home_robots(fleet.specs, fleet.seed, options.address)
        fleet.addresses |= {
            row: int(IPv4Address(robot.address)) for row, robot in enumerate(self.robots)
        }
        network = HomeOptions(
            robots=self.robots,
            context=server_context(options.data, clock()),
            with_nul=[family.blid_characters > 16 for family in fleet.families],  # noqa: PLR2004
            tls_port=options.tls_port,
            udp_port=options.udp_port,
        )
        self.network = HomeNetwork(network, self._describe)
        try:
            self._buttons = Buttons(options.data, self.network, self._press)
        except BaseException:
            self.network.close()
            raise

    def exchange(self, outgoing: Outgoing, incoming: Incoming, timeout_s: float = 0.0) -> None:
        """Say what the robots say at home, and add what clients did to `incoming`."""
        self.network.silence([*outgoing.gone, *outgoing.cut])
        self.network.restore([*outgoing.back, *outgoing.restore])
        heard = self.network.exchange(outgoing.home, self._clock(), timeout_s)
        incoming.home += heard.messages
        incoming.home_connected += heard.connected
        incoming.home_lost += heard.lost

    def close(self) -> None:
        """Leave the network."""
        self._buttons.close()
        self.network.close()

    def _describe(self, row: int, connections: int) -> bytes:
        fleet = self._firmware.fleet
        return answer(
            fleet, row, self.robots[row], name=self._firmware.name_of(row), connections=connections
        )

    def _press(self, who: str) -> str:
        """Hold HOME on a docked robot until its tones sound.  Raises NotPressed."""
        row = self._row_called(who)
        fleet = self._firmware.fleet
        if not _is_docked(fleet, row):
            raise NotPressed(
                f"{who} is not on its dock (phase {fleet.phase_of(row)}): dock it first"
            )
        self.network.press_home(row, self._clock())
        return f"{self._firmware.name_of(row)} tells its password for {PAIRING_S:.0f} s"

    def _row_called(self, who: str) -> int:
        for row, robot in enumerate(self.robots):
            if who in (robot.thing, robot.blid):
                return row
        named = [row for row in range(len(self.robots)) if self._firmware.name_of(row) == who]
        if len(named) == 1:
            return named[0]
        known = ", ".join(robot.thing for robot in self.robots[:_SHOWN])
        more = len(self.robots) - _SHOWN
        raise NotPressed(
            f"there is no robot {who} here, there are {known}"
            + (f" and {more} more" if more > 0 else "")
        )


def _is_docked(fleet: Fleet, row: int) -> bool:
    return bool(DOCKED[fleet.phase[row]])
