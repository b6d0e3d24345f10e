"""The paths that cover homes."""

from device_sim.robot.coverage.path import CoveragePath, plan_path

__all__ = ["CoveragePath", "plan_path"]
