"""Device shadows: the document (pure) and the service."""
