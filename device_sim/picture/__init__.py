"""Missions as pictures."""

from device_sim.picture.labels import Box
from device_sim.picture.mission import mission_svg

__all__ = ["Box", "mission_svg"]
