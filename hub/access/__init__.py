"""Who may do what, and the trace they leave."""
