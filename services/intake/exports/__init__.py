"""Exports of what is not published: told to the log before they are given out."""
