"""The typed client and wallet."""
