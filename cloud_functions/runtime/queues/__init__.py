"""The local cloud's queues: sending from the loop, and feeding functions."""
