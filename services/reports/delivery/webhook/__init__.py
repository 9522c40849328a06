"""Webhooks: programs that are told."""
