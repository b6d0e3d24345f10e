"""Mission history and mission maps."""
