"""An owner whose list of robots comes when the run is over; prints how often it tapped."""

import locust as _first  # noqa: F401  first in its process

# isort: split
import json
import sys

from locust.env import Environment
from locust.runners import STATE_CLEANUP, STATE_RUNNING

from cloud_functions.contract import api
from load.ledger import PROCESS
from load.owner import Owner
from load.taps import Fate


class TestedOwner(Owner):
    """Its list is answered in a state of the runner; its taps are seen."""

    host = "http://127.0.0.1:1"
    state = STATE_RUNNING

    def _send(self, _call):
        self.environment.runner.state = self.state
        robot = api.RobotSummary(thing="r1", name="Attic", connected=True)
        return api.RobotList(robots=[robot])

    def _tap(self, _began_s: float) -> Fate:
        return Fate.SEEN


environment = Environment()
environment.create_local_runner()
owner = TestedOwner(environment)
owner._thing = "r1"
owner.tap()
during = PROCESS.taps
owner.state = STATE_CLEANUP
owner.tap()
sys.stdout.write(json.dumps({"during": during, "afterwards": PROCESS.taps - during}))
