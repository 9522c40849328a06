"""What writer, reader and verifier must agree on: rules of the province, knowing no service."""
