"""Photos of a finding: read, re-encoded, sealed, also in parts."""
