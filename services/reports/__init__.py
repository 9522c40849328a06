"""The read side: projections of the log, scorecards, alerts and the dashboard."""
