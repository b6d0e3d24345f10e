"""Things, certificates and what is attached to them."""
