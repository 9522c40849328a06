"""One running installation for the suites that speak to it over the wire."""

from collections.abc import Iterator

import pytest

from tests.support.case_world import World, case_world
from tests.support.postgres import Cluster


@pytest.fixture(scope="session")
def world(cluster: Cluster) -> Iterator[World]:
    with case_world(cluster) as world:
        yield world
