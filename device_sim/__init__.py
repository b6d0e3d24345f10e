"""Robots, and what runs on board."""
