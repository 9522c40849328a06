"""Rounds of inspections: planned, drawn from the log, assigned."""
