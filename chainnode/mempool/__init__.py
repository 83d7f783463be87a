"""Transactions between submission and block."""
