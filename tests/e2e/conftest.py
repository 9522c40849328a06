"""What the suites that drive the phone form share: a browser, an installation with people, a network that fails."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.support.browser import PHONE, Person, chromium
from tests.support.form import PASSWORDS, settle
from tests.support.instance import Instance, running
from tests.support.web_proxy import WebProxy


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def instance() -> Iterator[Instance]:
    with tempfile.TemporaryDirectory(prefix="kc-") as folder:
        Path(folder).chmod(0o711)
        with running(Path(folder) / "data") as instance:
            settle(instance)
            yield instance


@pytest.fixture
def net(instance: Instance) -> Iterator[WebProxy]:
    with WebProxy(instance.port).serving() as proxy:
        yield proxy


@pytest.fixture
def phone(browser: Browser, net: WebProxy) -> Iterator[Person]:
    """An inspector's phone, whose network is `net`; its page threw no error and broke no policy."""
    person = Person(browser, net.url, PHONE)
    person.sign_in("an.kt", PASSWORDS["an.kt"])
    expect(person.page.get_by_role("heading", level=1)).to_be_visible()
    yield person
    person.context.close()
    assert person.script_errors == []
