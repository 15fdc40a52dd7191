"""What hub and capture processes say to each other, and who keeps them running."""
