"""Hashing with domain tags, Ed25519 keys and TLS material."""
