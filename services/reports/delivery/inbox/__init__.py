"""The live inbox: server-sent events."""
