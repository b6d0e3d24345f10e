"""How robots live: what a row is between facts, when its next fact is, and what that does."""
