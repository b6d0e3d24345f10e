"""Connections of robots, named by technology."""
