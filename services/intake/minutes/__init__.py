"""The minutes of an inspection, on paper and as files."""
