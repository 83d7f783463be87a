"""Disputes: filed with evidence, ruled by n of m arbitrators, enforced on assets, rights and trades."""
