"""The wire: everything robots, phones and the cloud must agree on, and nothing else."""
