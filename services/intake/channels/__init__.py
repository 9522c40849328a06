"""Where people and programs want to be told of cases: addresses, hooks, subscriptions, and what they silence."""
