"""Units beside their peers, with what chance explains taken off: method comparison/1, never mixed into the points."""
