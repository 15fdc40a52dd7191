"""Files of the archive: their names, their places, and what is in them."""
