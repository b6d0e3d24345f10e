"""Adapters that keep things, named by technology."""
