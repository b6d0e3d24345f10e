"""How often something goes wrong on board, as a command line says it."""

from enum import StrEnum

from device_sim.robot.parameters import Faults


class Luck(StrEnum):
    """How often something goes wrong on board."""

    USUAL = "usual"
    NONE = "none"

    @property
    def rates(self) -> Faults:
        """The rates of the physics."""
        return Faults(scale=float(self is Luck.USUAL))
