"""Who may connect, publish, subscribe and receive: documents and their evaluation (pure)."""
