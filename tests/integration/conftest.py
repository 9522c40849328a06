"""Fixtures of the integration suite."""

import asyncio
from collections.abc import Iterator

import pytest

from services.kernel.process.settings import Settings
from tests.integration.stream_transports import transport  # noqa: F401 - a fixture
from tests.support.audit_app import app, filled  # noqa: F401 - fixtures
from tests.support.postgres import Cluster


@pytest.fixture(scope="session")
def stream_settings(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """One database for all tests of streams: each has topics of its own, and a database a test would take longer."""
    opening = cluster.database(tmp_path_factory.mktemp("streams") / "data")
    with asyncio.Runner() as runner:
        yield runner.run(opening.__aenter__())
        runner.run(opening.__aexit__(None, None, None))
