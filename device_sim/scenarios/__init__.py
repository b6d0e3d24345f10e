"""Named fleets and days: what a scenario file may say, and what its mistakes are."""
