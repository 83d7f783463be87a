"""Chains that recognise each other: clients of other chains, and packets to and from them."""
