"""An owner's robots: pairing, commands, settings, schedules."""
