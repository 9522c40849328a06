"""Cases as plain forms, for a browser without scripts."""
