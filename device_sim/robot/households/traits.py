"""What is true of a household, as bits of one column."""

from typing import Final

PETS: Final = 1
NO_BASE: Final = 2
"""The robot was bought without its family's emptying base."""
WORKING: Final = 4
"""Everybody is out in the working hours of working days."""
