"""The chainnode command."""
