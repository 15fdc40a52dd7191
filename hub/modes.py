"""Modes of the town: night, curfew, air raid; switched by people and rules, kept over a restart."""
