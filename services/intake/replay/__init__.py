"""State rebuilt from the log, before the first write is taken."""
