"""The fold of the log into the database, live and anew."""
