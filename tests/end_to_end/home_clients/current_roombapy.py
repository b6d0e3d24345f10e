"""roombapy 2 as its users use it: `current_roombapy.py discover|drive ADDRESS [PASSWORD]`.

Prints one JSON object; the test beside judges it.
"""

import asyncio
import contextlib
import json
import sys

from roombapy.discovery import RoombaDiscovery
from roombapy.getpassword import RoombaPassword
from roombapy.roomba import RoombaAuthError, RoombaClient


async def until(is_so, timeout_s: float = 15) -> None:
    async with asyncio.timeout(timeout_s):
        while not is_so():  # noqa: ASYNC110  there is no event to wait for
            await asyncio.sleep(0.05)


async def discover(address: str) -> dict:
    async with RoombaDiscovery() as discovery:
        everybody = await discovery.get_all(1.0)
        one = await discovery.get(address, 3)
    return {
        "everybody": [robot.blid for robot in everybody],
        "one": one and {"blid": one.blid, "name": one.robot_name, "sku": one.sku},
        "password": await RoombaPassword(address).get_password(3),
    }


async def drive(address: str, blid: str) -> dict:
    said: dict = {"password": await RoombaPassword(address).get_password()}
    try:
        await RoombaClient(address, blid, ":1:1500000000:wrongwrongwrong0").connect()
    except RoombaAuthError:
        said["wrong"] = "refused"
    client = RoombaClient(address, blid, said["password"])
    await client.connect()
    await until(lambda: "signal" in client.reported)
    said["state"] = {"name": client.reported["name"], "current": client.current_state}
    phases: dict[str, str] = {}
    for command, phase in (
        ("start", "run"), ("pause", "stop"), ("resume", "run"), ("pause", "stop"),
        ("dock", "hmUsrDock"),
    ):  # fmt: skip
        await send(client, command, phase)
        await until(lambda word=command: client.reported["lastCommand"]["command"] == word)
        phases[command] = f"{phase}, {client.current_state}"
        if command == "start":
            said["position"] = await position(client)
    said["phases"] = phases
    said["error"] = client.error_message
    for name, value in (("carpetBoost", False), ("vacHigh", True), ("openOnly", True)):
        await client.set_preference(name, value)
    await until(lambda: client.reported["openOnly"] is True)
    said["settings"] = {key: client.reported[key] for key in ("carpetBoost", "vacHigh")}
    await until(lambda: client.cleanMissionStatus_phase == "charge", 40)
    await asyncio.sleep(1)  # it may begin to empty its bin
    await until(lambda: client.cleanMissionStatus_phase == "charge")
    await client.disconnect()
    return said


async def send(client: RoombaClient, command: str, phase: str) -> None:
    """As a person would: again after some seconds, since a robot that empties its bin is busy."""
    for _ in range(5):
        await client.send_command(command)
        with contextlib.suppress(TimeoutError):
            await until(lambda: client.cleanMissionStatus_phase == phase, 3)
            return
    raise TimeoutError(command)


async def position(client: RoombaClient) -> str:
    """From where its position came."""
    async with asyncio.timeout(10), contextlib.aclosing(client.watch_position()) as places:
        return (await anext(places)).source


if __name__ == "__main__":
    what, *how = sys.argv[1:]
    said = asyncio.run({"discover": discover, "drive": drive}[what](*how))
    sys.stdout.write(json.dumps(said) + "\n")
