"""The write engine: from a PUT or a line of a batch to a numbered event in the outbox."""
