"""Commendations, closing, publication and exports of quarters."""
