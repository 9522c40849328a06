"""Intake: the only writer."""
