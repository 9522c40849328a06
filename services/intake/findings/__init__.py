"""What an inspection saw."""
