"""Rehearsal: the hub's rules on a clock of their own, with nothing real touched."""
