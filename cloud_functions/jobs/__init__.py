"""Remote work on things: jobs, and their executions on each thing (AWS reference, section 4)."""
