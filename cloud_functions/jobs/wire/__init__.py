"""What devices ask and what they and watchers are told: bodies in and out; pure."""
