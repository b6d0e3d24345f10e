"""The local cloud: what AWS runs for us there, run here."""
