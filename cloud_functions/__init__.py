"""The cloud, on AWS or on this computer."""
