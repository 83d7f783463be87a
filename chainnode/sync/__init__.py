"""Catching up with a chain that moved on."""
