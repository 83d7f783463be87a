"""A business day of two exchanges on a real network, and a recount of it from the exported events."""
