"""The paths that cover homes."""

from device_sim.robot.coverage.drive import Leg
from device_sim.robot.coverage.path import CoveragePath, Passes, plan_path

__all__ = ["CoveragePath", "Leg", "Passes", "plan_path"]
