"""Bytes: canonical MessagePack and stream framing."""
