"""Plugins: found, loaded, given a context, supervised."""
