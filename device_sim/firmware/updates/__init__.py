"""Firmware over the air: the job client of every robot of a fleet, pure."""
