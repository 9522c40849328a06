"""Method card/2: card/1 with half the points back for a remedy in time, and a gate for one that is overdue. Pure."""
