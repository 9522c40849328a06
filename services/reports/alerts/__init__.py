"""What a unit's head is told of an inspection."""
