"""A finding's case after it was recorded: reply, decision, deadlines."""
