"""The contract's routes and their models."""
