"""What is true of a home or its people, as bits of one column."""

from typing import Final

PETS: Final = 1
STAIRS: Final = 2
NO_BASE: Final = 4
"""The robot was bought without its family's emptying base."""
WORKING: Final = 8
"""Everybody is out in the working hours of working days."""
