"""Who asks and how far they reach: accounts, appointments, the role matrix."""
