"""The alarm path: journal, incidents, ladders, outbox, answers. Everything here is a row first."""
