"""An owner whose tap was not heard of, with and without internet at home; prints its fates."""

import locust as _first  # noqa: F401  first in its process

# isort: split
import json
import sys

from locust.env import Environment

from device_sim.firmware.batches import Outgoing
from load.owner import Owner
from load.presence import Presence
from load.robot_shard import RobotShard
from load.taps import Fate


class TestedOwner(Owner):
    host = "http://127.0.0.1:1"


environment = Environment()
shard = RobotShard(environment)
shard.presence = Presence(["r1"])
RobotShard.living.add(shard)
owner = TestedOwner(environment)
owner._thing = "r1"
online = [owner._excused(fate, 5.0) for fate in Fate]
shard.presence.ordered(Outgoing(silence=[0]), 6.0)
silent = [owner._excused(fate, 5.0) for fate in Fate]
changed = [fate for fate, before in zip(Fate, silent, strict=True) if fate is not before]
sys.stdout.write(json.dumps({"online": online == list(Fate), "changed": changed}))
