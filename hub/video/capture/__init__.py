"""The capture process: reads cameras and writes files; a process of its own.

It imports nothing of the hub but the clock, the model and `hub.video`'s own plain files.
"""
