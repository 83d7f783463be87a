"""Carries packets between chains: a process of its own that nobody has to trust."""
