"""A job on one thing: its value, its legal moves, its place among the pending ones; pure."""
