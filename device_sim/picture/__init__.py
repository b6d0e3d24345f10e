"""Missions as pictures."""

from device_sim.picture.labels import Box
from device_sim.picture.mission import Picture, Way, mission_svg

__all__ = ["Box", "Picture", "Way", "mission_svg"]
