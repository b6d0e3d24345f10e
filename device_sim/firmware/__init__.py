"""What runs on board: joins rows to links, pure."""
