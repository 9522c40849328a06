"""Commendations, closing and publication of quarters."""
