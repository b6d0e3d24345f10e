"""Pictures of a day that was lived without a network: one PNG a chart, and one page with all."""
