"""What the world does to robots of a fleet at a moment: power cuts, outages, empty cells, mornings.

Each is called between two spans and takes effect at the second the fleet has reached.  Rows are
whichever the caller chose: a region, a family, a share.
"""

import numpy as np

from device_sim.robot.facts import Facts, Listener
from device_sim.robot.fleet import Fleet, Ints
from device_sim.robot.life.moves import move
from device_sim.robot.life.plan import plan
from device_sim.robot.life.settle import settle
from device_sim.robot.parameters import NO_ERROR
from device_sim.robot.phases import Fact
from device_sim.robot.step import lose_link, reboot


def _now(fleet: Fleet, rows: Ints) -> None:
    settle(fleet, rows, np.maximum(fleet.since_s[rows], fleet.tick))


def cut_links(fleet: Fleet, rows: Ints, lasts_s: Ints, listener: Listener) -> None:
    """The homes of rows lose their internet for some seconds each."""
    _now(fleet, rows)
    facts = Facts()
    lose_link(fleet, rows, lasts_s, facts)
    plan(fleet, rows)
    listener.take(facts)


def cut_power(fleet: Fleet, rows: Ints, lasts_s: Ints, listener: Listener) -> None:
    """The homes of rows are without power: no link, and on the dock no charge."""
    _now(fleet, rows)
    facts = Facts()
    lose_link(fleet, rows, lasts_s, facts)
    move(fleet, rows, Fact.CONTACT_LOST, facts, code=np.full(rows.size, NO_ERROR))
    plan(fleet, rows)
    listener.take(facts)


def lose_power(fleet: Fleet, rows: Ints, lasts_s: Ints, listener: Listener) -> None:
    """Robots lose their own power at once, as when a battery is pulled out, and restart then.

    A mission is over, and what they had not said yet is lost.
    """
    _now(fleet, rows)
    facts = Facts()
    reboot(fleet, rows, facts, lasts_s)
    plan(fleet, rows)
    listener.take(facts)


def wish(fleet: Fleet, rows: Ints, at_s: Ints) -> None:
    """Somebody in each home will start the robot by hand then; needs habits with wishes."""
    _now(fleet, rows)
    fleet.wish[rows] = np.maximum(fleet.wish[rows], 1)
    fleet.wish_s[rows] = np.maximum(at_s, fleet.tick + 1)
    plan(fleet, rows)
