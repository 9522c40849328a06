"""One running installation for the suites that speak to it over the wire."""

from collections.abc import Iterator

import pytest

from tests.support.case_world import World, case_world


@pytest.fixture(scope="session")
def world() -> Iterator[World]:
    with case_world() as world:
        yield world
