"""The statements of editions."""

from __future__ import annotations

from pathlib import Path

from services.kernel.store.sql import load_queries

queries = load_queries(Path(__file__).with_name("queries.sql"))
