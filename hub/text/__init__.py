"""Texts for people: translations and templates."""
