"""The automation engine: triggers, conditions and steps in Home Assistant's language."""
