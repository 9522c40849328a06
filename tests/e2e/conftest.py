"""What the suites that drive the phone form share: a browser, an installation with people, a network that fails."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.browser import DESK, PHONE, Person, chromium
from tests.support.form import PASSWORDS, settle
from tests.support.installation import Model, installed, modelled
from tests.support.instance import Instance
from tests.support.postgres import Cluster
from tests.support.web_proxy import WebProxy


@pytest.fixture(scope="session")
def driven() -> Iterator[tuple[Browser, asyncio.AbstractEventLoop]]:
    """A process's one browser, and its driver's loop, which the driver leaves marked as running."""
    with chromium() as browser:
        loop = asyncio.get_running_loop()
        asyncio._set_running_loop(None)
        yield browser, loop
        asyncio._set_running_loop(loop)


@pytest.fixture(scope="module")
def browser(driven: tuple[Browser, asyncio.AbstractEventLoop]) -> Iterator[Browser]:
    """The browser, without anything of other files; its driver's loop counts as running within this file alone."""
    browser, loop = driven
    asyncio._set_running_loop(loop)
    yield browser
    for context in browser.contexts:
        context.close()
    asyncio._set_running_loop(None)


@pytest.fixture(scope="session")
def settled(cluster: Cluster) -> Iterator[Model]:
    """Two units and people with passwords, for every file to have a copy of."""
    with modelled(cluster, settle) as model:
        yield model


@pytest.fixture(scope="module")
def instance(cluster: Cluster, settled: Model) -> Iterator[Instance]:
    """A file's own installation, with units and people."""
    with installed(cluster, settled) as instance:
        yield instance


@pytest.fixture
def people() -> Iterator[list[Person]]:
    """Everybody who comes in; nobody's page may have thrown an error or broken the content policy."""
    present: list[Person] = []
    yield present
    errors = [error for person in present for error in person.script_errors]
    for person in present:
        person.context.close()
    assert errors == []


@pytest.fixture
def net(instance: Instance) -> Iterator[WebProxy]:
    with WebProxy(instance.port).serving() as proxy:
        yield proxy


@pytest.fixture
def phone(browser: Browser, net: WebProxy) -> Iterator[Person]:
    """An inspector's phone, whose network is `net`; its page threw no error and broke no policy."""
    person = Person(browser, net.url, PHONE)
    person.come_in("an.kt", PASSWORDS["an.kt"])
    expect(person.page.get_by_role("heading", level=1)).to_be_visible()
    yield person
    person.context.close()
    assert person.script_errors == []


@pytest.fixture
def enter(people: list[Person], browser: Browser, instance: Instance) -> Any:
    """Somebody of the shared instance signs in and goes to an address."""

    def enter(account: str, address: str, viewport: dict[str, int] = DESK) -> Page:
        people.append(person := Person(browser, instance.url, viewport))
        person.come_in(account, PASSWORDS[account], address)
        return person.page

    return enter
