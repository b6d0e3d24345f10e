"""A run's robots at home: buttons by name, and robots that restart."""

import socket
import threading
from pathlib import Path

import pytest

from device_sim.firmware.batches import Incoming, Outgoing
from device_sim.firmware.firmware import Firmware
from device_sim.lan.at_home import AtHome, LanOptions
from device_sim.lan.buttons import press_home
from device_sim.lan.errors import NoRun, NotPressed
from device_sim.robot.fleet import Fleet, RobotSpec
from device_sim.robot.phases import Phase, code_of
from device_sim.robot.report import first_report
from tests.device_sim.lan.test_home_network import free_port

NOW = 1_700_000_000.0
SPECS = [
    RobotSpec("3177820880421650", "900", 3, "Kitchen"),
    RobotSpec("9398331513871015", "i7", 3, "Attic"),
    RobotSpec("9398331513871016", "i7", 3, "Attic"),
]


class House:
    def __init__(self, data: Path) -> None:
        self.data = data
        self.firmware = Firmware(Fleet(SPECS, 7, NOW))
        ports = (free_port("127.16.0.1", 1), free_port("127.255.255.255", 2))
        self.options = LanOptions(data, None, *ports)
        self.home = AtHome(self.options, self.firmware, lambda: NOW)

    def hold(self, name: str) -> str:
        """Press from elsewhere while the house lives."""
        said: list[str | Exception] = []

        def press() -> None:
            try:
                said.append(press_home(self.data, name))
            except (NoRun, NotPressed) as error:
                said.append(error)

        finger = threading.Thread(target=press)
        finger.start()
        while finger.is_alive():
            self.home.exchange(Outgoing(), Incoming(), 0.01)
        if isinstance(said[0], Exception):
            raise said[0]
        return said[0]


@pytest.fixture
def house(tmp_path):
    made = House(tmp_path)
    yield made
    made.home.close()


@pytest.mark.parametrize("name", ["Kitchen", "3177820880421650"])
def test_a_button_is_held_by_name_or_thing(house: House, name) -> None:
    assert house.hold(name) == "Kitchen tells its password for 120 s"


def test_a_button_is_held_by_blid(house: House) -> None:
    assert house.hold(house.home.robots[2].blid).startswith("Attic tells")


@pytest.mark.parametrize("name", ["Cellar", "Attic", ""])
def test_a_name_of_none_or_of_two_is_refused_with_the_robots_there_are(house: House, name) -> None:
    with pytest.raises(NotPressed, match=f"there is no robot {name} here.*3177820880421650"):
        house.hold(name)


def test_a_robot_off_its_dock_does_not_pair(house: House) -> None:
    house.firmware.fleet.phase[0] = code_of(Phase.STOP)

    with pytest.raises(NotPressed, match="not on its dock"):
        house.hold("Kitchen")


def test_a_robot_tells_the_address_at_which_it_is_found(house: House) -> None:
    told = [first_report(house.firmware.fleet, row)["netinfo"]["addr"] for row in (0, 1)]

    assert told == [127 << 24 | 16 << 16 | 1, "127.16.0.2"]


def test_a_robot_that_restarts_is_not_there_meanwhile(house: House) -> None:
    where = ("127.16.0.1", house.options.tls_port)
    house.home.exchange(Outgoing(gone=[0]), Incoming())
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(where, timeout=5)

    house.home.exchange(Outgoing(back=[0]), Incoming())
    socket.create_connection(where, timeout=5).close()


def test_without_a_run_there_are_no_buttons(tmp_path) -> None:
    with pytest.raises(NoRun, match="robofleet robots --lan --data"):
        press_home(tmp_path, "Kitchen")
    with pytest.raises(NoRun):
        press_home(tmp_path / "nowhere", "Kitchen")


def test_a_directory_has_the_buttons_of_one_run(house: House) -> None:
    other = LanOptions(house.data, None, free_port("127.16.0.1", 1), free_port("127.16.0.1", 2))

    with pytest.raises(NoRun, match="give another --data"):
        AtHome(other, house.firmware, lambda: NOW)


def test_buttons_that_a_killed_run_left_behind_are_replaced(tmp_path) -> None:
    first = House(tmp_path)
    first.home.network.close()  # the socket's file stays
    first.home._buttons._socket.close()

    again = House(tmp_path)
    assert again.hold("Kitchen").startswith("Kitchen")
    again.home.close()


def test_a_long_directory_is_no_obstacle(tmp_path) -> None:
    deep = tmp_path / ("d" * 100)
    deep.mkdir()
    made = House(deep)

    assert made.hold("Kitchen").startswith("Kitchen")
    made.home.close()
