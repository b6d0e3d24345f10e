"""What evaluating rules needs of the runtime: the answers of external functions, and patience."""
