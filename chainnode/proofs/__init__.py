"""Merkle trees, proof bundles and their offline verifier."""
