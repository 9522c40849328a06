"""Kỷ Cương: public-duty inspections with a verifiable log."""
