"""The hub and Home Assistant side by side: the same work for both, each in its own process."""
