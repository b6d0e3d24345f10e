"""A shard whose robots fall silent, lose power and come back; prints what its links were told."""

import locust as _first  # noqa: F401  first in its process

# isort: split
import json
import sys

from locust.env import Environment

from device_sim.firmware.batches import Incoming, Outgoing
from device_sim.firmware.shadow_talk import ReportCounts
from device_sim.link.port import LinkCounts
from load.ledger import Ledger
from load.presence import Presence
from load.robot_shard import RobotShard


class RecordingLinks:
    def __init__(self) -> None:
        self.counts = LinkCounts()
        self.told = []

    def exchange(self, _messages, _now_s, _timeout_s=0.0) -> Incoming:
        return Incoming()

    def cut(self, rows) -> None:
        self.told.append(["cut", rows])

    def silence(self, rows) -> None:
        self.told.append(["silence", rows])

    def restore(self, rows) -> None:
        self.told.append(["restore", rows])


class ScriptedFirmware:
    reports = ReportCounts()

    def step(self, _incoming, _now_s, _sim_s) -> Outgoing:
        return Outgoing(cut=[0], silence=[1], restore=[2])


shard = RobotShard(Environment())
shard._specs, shard._began_s, shard._speed, shard.was_up = [], 0.0, 1.0, True
shard._outgoing, shard._links, shard._firmware = Outgoing(), RecordingLinks(), ScriptedFirmware()
shard._counted, shard.presence = Ledger(), Presence(["r0", "r1", "r2"])
RobotShard.living.add(shard)
shard._step()
silent = [thing for thing in ("r0", "r1", "r2") if RobotShard.was_silent(thing, 0.0)]
sys.stdout.write(
    json.dumps({"told": shard._links.told, "away": shard.presence.away, "silent": silent})
)
