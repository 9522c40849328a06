"""Private parts that are erased, by two people."""
