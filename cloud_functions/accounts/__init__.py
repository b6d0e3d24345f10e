"""Owners and what is theirs."""
