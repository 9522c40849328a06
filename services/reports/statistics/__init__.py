"""What chance explains and what it does not: estimates, limits, ranks and trends, each by a published formula. Pure."""
