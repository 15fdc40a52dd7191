"""What should have been recorded, and the ledger of what was not."""
