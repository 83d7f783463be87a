"""Authenticated links between nodes."""
