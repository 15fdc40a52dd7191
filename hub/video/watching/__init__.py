"""Live pictures, clips and stills, as pages and actions ask for them."""
