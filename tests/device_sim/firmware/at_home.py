"""A robot with a client at home, for tests of what is said there."""

import orjson

from device_sim.firmware.batches import Inbound, Incoming, Outgoing
from device_sim.firmware.firmware import Firmware
from device_sim.robot.fleet import Fleet, RobotSpec
from device_sim.robot.label import blid
from device_sim.robot.parameters import FULL, Faults

NOW = 1_700_000_000.0
THING = "3177820880421650"
FAMILIES = ["900", "i7"]


class Home:
    """A robot with a client at home; time moves only when told to."""

    def __init__(
        self, family: str = "900", *, connected: bool = True, pairs_only: bool = True
    ) -> None:
        self.fleet = Fleet([RobotSpec(THING, family, 3, "Kitchen")], 7, NOW, faults=Faults(scale=0))
        self.fleet.charge[0] = FULL * 9 // 10
        self.firmware = Firmware(self.fleet, pairs_only=pairs_only)
        self.now_s = NOW
        self.said: list[tuple[float, str, dict]] = []
        self.known: dict = {}
        self.state_topic = f"$aws/things/{blid(7, THING, self.fleet.families[0])}/shadow/update"
        if connected:
            self.step(home_connected=[0])
            self.live(2)
            self.said.clear()

    def step(self, after_s: float = 0.0, **incoming) -> Outgoing:
        self.now_s += after_s
        out = self.firmware.step(Incoming(**incoming), self.now_s, self.now_s)
        for each in out.home:
            body = orjson.loads(each.payload)
            self.said.append((self.now_s, each.topic, body))
            self.known |= body.get("state", {}).get("reported", {})
        return out

    def live(self, seconds: float, every_s: float = 0.25) -> None:
        for _ in range(round(seconds / every_s)):
            self.step(every_s)

    def say(self, topic: str, body) -> Outgoing:
        payload = body if isinstance(body, bytes) else orjson.dumps(body)
        return self.step(home=[Inbound(0, topic, payload)])

    def ask(self, name: str, **params) -> Outgoing:
        said = {"command": name, "time": int(self.now_s), "initiator": "localApp", **params}
        return self.say("cmd", said)

    def told(self) -> list[dict]:
        return [body["state"]["reported"] for _, _, body in self.said if "state" in body]

    @property
    def status(self) -> dict:
        return self.known["cleanMissionStatus"]
