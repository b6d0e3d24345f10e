"""Homes, made from a seed: rooms, doors, furniture, carpets, a dock; what they do to robots."""

from device_sim.robot.homes.geometry import BODY_RADIUS_CM, CELL_CM
from device_sim.robot.homes.home import Home, difficulty_of, home
from device_sim.robot.homes.traits import Traits

__all__ = ["BODY_RADIUS_CM", "CELL_CM", "Home", "Traits", "difficulty_of", "home"]
