"""The index of the archive: what is on disk, kept up to date, checked and asked for."""
