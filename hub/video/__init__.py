"""Cameras: capture, recordings, clips, snapshots."""
