"""A phone's records that another's phone hands in."""
