"""How notices reach people: a folder a channel."""
