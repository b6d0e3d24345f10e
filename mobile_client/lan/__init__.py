"""A robot on the owner's home network, without any cloud."""
