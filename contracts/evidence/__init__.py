"""That something existed, unchanged, at a time: digests on the ledger, content off it."""
