"""Lets links do what robots and their homes say."""

from device_sim.firmware.batches import Outgoing
from device_sim.link.port import Links


def follow(links: Links, outgoing: Outgoing) -> None:
    """Cut, silence and restore the rows that say so."""
    for order, rows in (
        (links.cut, outgoing.cut),
        (links.silence, outgoing.silence),
        (links.restore, outgoing.restore),
    ):
        if rows:
            order(rows)
