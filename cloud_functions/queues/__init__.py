"""Queues as SQS has them: what one is, and the events it makes for functions."""
