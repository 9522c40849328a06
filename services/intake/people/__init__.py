"""Accounts, sign-in and what bounds it."""
