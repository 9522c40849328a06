"""What moves between services: batches, the outbox relay, the consumer."""
