"""Keeping and deleting: what is deleted when, what is held, and the record of it."""
