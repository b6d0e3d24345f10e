"""What becomes of a robot's link when its home has no internet or it has no power itself.

The physics says when; whoever holds the links does what `Outgoing` says.  A home without internet
is silence: sockets stay open, and a short one is never noticed.  A robot whose battery is empty is
gone at once.  Robots that restart are somebody else's (`restarts.py`).
"""

from collections.abc import Sequence

from device_sim.firmware.batches import Outgoing
from device_sim.firmware.restarts import Restarts
from device_sim.robot.step import Happening, Kind


def notice(
    happened: Sequence[Happening], out: Outgoing, restarting: Restarts
) -> list[int]:  # fmt: skip
    """Say what links shall do; the rows that have lost their power."""
    last: dict[int, Happening] = {}
    for each in happened:
        if each.kind in (Kind.LINK_LOST, Kind.LINK_BACK) and each.row not in restarting:
            last[each.row] = each
    dark: list[int] = []
    for row, each in last.items():
        if each.kind is Kind.LINK_BACK:
            out.restore.append(row)
        elif each.value:
            out.silence.append(row)
        else:
            out.cut.append(row)
            dark.append(row)
    return dark
