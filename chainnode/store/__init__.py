"""Durable bytes: LevelDB, blocks and the vote journal."""
