"""Reads a SAM template into the declaration the local cloud runs."""
