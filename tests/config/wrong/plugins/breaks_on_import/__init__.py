"""Raises when it is imported."""

LIMIT = 10 / len([])
