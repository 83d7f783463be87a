"""One running node, composed."""
