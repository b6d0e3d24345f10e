"""Fleet indexing: a query language over registry, shadows and connectivity, and its answers."""
