"""The statements of the write engine."""

from pathlib import Path

from services.kernel.store.sql import load_queries

QUERIES = load_queries(Path(__file__).with_name("queries.sql"))
