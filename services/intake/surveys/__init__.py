"""What people asked about a unit's work answered, counted by whoever asked them."""
