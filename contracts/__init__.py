"""What operations mean: deterministic state transitions, no I/O, clock, randomness or float."""
