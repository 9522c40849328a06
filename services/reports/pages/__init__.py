"""Pages of the Department and the units."""
