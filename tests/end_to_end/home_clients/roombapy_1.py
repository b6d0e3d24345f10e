"""roombapy 1 as Home Assistant uses it: `roombapy_1.py discover|drive ADDRESS [BLID]`.

Prints one JSON object; the test beside judges it.
"""

import contextlib
import json
import sys
import time

from roombapy import RoombaFactory
from roombapy.discovery import RoombaDiscovery
from roombapy.getpassword import RoombaPassword

READ_WITH_NAME = ("cap", "cleanMissionStatus", "bin", "sku", "softwareVer", "batPct")


class TooLate(Exception):
    pass


def until(is_so, timeout_s: float = 15) -> None:
    deadline = time.monotonic() + timeout_s
    while not is_so():
        if time.monotonic() > deadline:
            raise TooLate
        time.sleep(0.05)


def send(roomba, command: str, is_done) -> None:
    """As a person would: again after some seconds, since a robot that empties its bin is busy."""
    for _ in range(5):
        roomba.send_command(command)
        with contextlib.suppress(TooLate):
            until(is_done, 3)
            return
    raise TooLate(command)


def discover(address: str) -> dict:
    everybody = RoombaDiscovery()
    everybody.server_socket.settimeout(1)
    found = everybody.get_all()
    everybody.server_socket.close()
    one = RoombaDiscovery()
    robot = one.get(address)
    one.server_socket.close()
    return {
        "everybody": [each.blid for each in found],
        "one": robot and {"blid": robot.blid, "name": robot.robot_name, "sku": robot.sku},
        "password": RoombaPassword(address).get_password(),
    }


def drive(address: str, blid: str) -> dict:
    said: dict = {"password": RoombaPassword(address).get_password()}
    roomba = RoombaFactory.create_roomba(address, blid, said["password"])
    at_name: list[list[str]] = []

    def look(_message) -> None:
        known = roomba.master_state.get("state", {}).get("reported", {})
        if "name" in known and not at_name:
            at_name.append(sorted(known))

    roomba.register_on_message_callback(look)
    roomba.connect()

    def known() -> dict:
        return roomba.master_state.get("state", {}).get("reported", {})

    until(lambda: "signal" in known())
    said["missing_at_name"] = [each for each in READ_WITH_NAME if each not in at_name[0]]
    said["state"] = {"name": known()["name"], "phase": known()["cleanMissionStatus"]["phase"]}
    phases: dict[str, str] = {}
    for command, phase in (
        ("start", "run"), ("pause", "stop"), ("resume", "run"), ("pause", "stop"),
        ("dock", "hmUsrDock"),
    ):  # fmt: skip
        send(roomba, command, lambda phase=phase: known()["cleanMissionStatus"]["phase"] == phase)
        until(lambda word=command: known()["lastCommand"]["command"] == word)
        phases[command] = phase
    said["phases"] = phases
    for name, value in (("carpetBoost", False), ("vacHigh", True), ("openOnly", True)):
        roomba.set_preference(name, str(value))
    until(lambda: known()["openOnly"] is True)
    said["settings"] = {key: known()[key] for key in ("carpetBoost", "vacHigh")}
    said["sensors"] = sorted(
        {"batPct", "bbrun", "bbmssn", "bbchg3", "cleanMissionStatus"} - known().keys()
    )
    until(lambda: known()["cleanMissionStatus"]["phase"] == "charge", 40)
    time.sleep(1)  # it may begin to empty its bin
    until(lambda: known()["cleanMissionStatus"]["phase"] == "charge")
    roomba.disconnect()
    time.sleep(0.2)
    return said


if __name__ == "__main__":
    what, *how = sys.argv[1:]
    sys.stdout.write(json.dumps({"discover": discover, "drive": drive}[what](*how)) + "\n")
