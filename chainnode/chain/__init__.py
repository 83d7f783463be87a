"""From an agreed block to committed state."""
