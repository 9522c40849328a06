"""How far inspectors judge alike: for those who lead them, within one quarter. Source: Wilson's interval of shares."""

from __future__ import annotations

FEWEST = 30
"""Persons checked, of whom anything is said."""
FEWEST_READ = 5
"""Under so many cases a share says nothing: only the numbers are told."""
