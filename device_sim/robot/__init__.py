"""The physics of robots: rows of arrays, pure."""
