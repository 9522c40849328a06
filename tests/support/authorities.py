"""Whom TLS trusts, read once a process: it takes 45 ms, and whoever polls would read it at every look."""

import httpx

AUTHORITIES = httpx.create_ssl_context(trust_env=False)
