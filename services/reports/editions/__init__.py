"""Editions of a quarter, frozen."""
