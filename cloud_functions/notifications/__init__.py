"""Alerts, presence and the phones that watch."""
