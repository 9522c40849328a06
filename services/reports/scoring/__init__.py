"""From facts to cards, by version of the method. Pure."""
