"""Safe City Hub: a town's cameras, buttons, sensors and people in one local network."""

__version__ = "0.2.0"
