"""Further keys that sign the log."""
