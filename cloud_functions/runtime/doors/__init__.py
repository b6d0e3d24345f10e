"""The ways in that need TLS: who is there by certificate, by ALPN, by signature."""
