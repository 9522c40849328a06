"""A visit from its opening to its closing."""
