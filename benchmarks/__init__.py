"""What the hub costs and how quick it is; the figures stand in docs/benchmarks.md."""
