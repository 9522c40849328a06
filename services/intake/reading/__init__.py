"""What may be read, by whom, page by page."""
