"""A permissioned blockchain node for data markets.

This module imports nothing: ``contracts`` stands above some of the packages in
here and below others, so a busy package root would turn that into a cycle.
"""
