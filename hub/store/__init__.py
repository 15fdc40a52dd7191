"""The two databases: alarms (local, synced at each commit) and bulk (everything else)."""
