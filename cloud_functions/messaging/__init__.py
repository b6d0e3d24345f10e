"""Adapters that carry things, named by technology."""
