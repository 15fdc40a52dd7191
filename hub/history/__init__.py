"""History: recorded states and events; what the town was like, and when."""
