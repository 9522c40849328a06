"""Phones that sign what they file."""
