"""The town's configuration: read with positions, checked whole, rendered for people, sealed."""
