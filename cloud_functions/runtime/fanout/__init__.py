"""The local cloud's topics: telling their subscribers."""
