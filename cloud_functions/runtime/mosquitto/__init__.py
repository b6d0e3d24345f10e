"""Mosquitto as a child process with a configuration made for it."""
