"""Does the deeds of rule actions, a kind of store a file; `doers` joins them."""
