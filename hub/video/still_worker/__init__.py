"""A process of its own that makes pictures of recordings: a file that makes the decoder crash takes
nothing else with it."""
