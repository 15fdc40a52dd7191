"""Plain data that every room of the hub shares, and the protocols that plugins fill."""
