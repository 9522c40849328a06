"""What the log's entries say, folded into facts."""
