"""Lists as files to take away."""
