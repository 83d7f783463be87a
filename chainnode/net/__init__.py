"""Mutually authenticated links between the nodes of a consortium."""
