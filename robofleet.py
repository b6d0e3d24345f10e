"""The front door: one small command line that mounts each folder's own."""
