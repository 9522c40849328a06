"""A real Chromium for the pages: skips loudly where there is none, fails there when KYCUONG_REQUIRE_CHROMIUM=1."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.support.authorities import AUTHORITIES

PATIENCE = 40_000  # ms: how slow the machine is today is no test's question
expect.set_options(timeout=PATIENCE)
PHONE = {"width": 360, "height": 800}
DESK = {"width": 1280, "height": 800}


# the shell first: the same engine without a window's frame, for half of the processor's time
PROGRAMS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")


def executable() -> str | None:
    """Where the system's Chromium is, if it has one."""
    return next(filter(None, map(shutil.which, PROGRAMS)), None)


@contextmanager
def chromium() -> Iterator[Browser]:
    """The system's Chromium, headless."""
    program = executable()
    if program is None:
        if os.environ.get("KYCUONG_REQUIRE_CHROMIUM") == "1":
            pytest.fail(
                f"KYCUONG_REQUIRE_CHROMIUM=1, but there is no chromium on the path: apt-get install {PROGRAMS[0]}"
            )
        pytest.skip(f"NO CHROMIUM: the pages were not tried in a browser; apt-get install {PROGRAMS[0]}")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu"])
        try:
            yield browser
        finally:
            browser.close()


def overflow(page: Page) -> int:
    """By how many pixels a page is wider than its window."""
    page.wait_for_load_state()  # laid out without its stylesheet it is wider
    return int(page.evaluate("document.documentElement.scrollWidth - window.innerWidth"))


class Person:
    """Somebody at a browser of their own, signed in; notes every script error and refused resource."""

    def __init__(
        self, browser: Browser, url: str, viewport: dict[str, int], locale: str = "vi-VN", *, touch: bool = False
    ) -> None:
        self.url = url
        self.context: BrowserContext = browser.new_context(viewport=viewport, locale=locale, has_touch=touch)  # type: ignore[arg-type]
        self.context.set_default_timeout(PATIENCE)
        self.page: Page = self.context.new_page()
        self.script_errors: list[str] = []
        self.page.on("pageerror", lambda error: self.script_errors.append(str(error)))
        self.page.on("console", self._note)

    def _note(self, message: object) -> None:
        text = getattr(message, "text", "")
        if "Content Security Policy" in text:
            self.script_errors.append(text)

    def sign_in(self, account: str, password: str) -> None:
        """Through the sign-in page, as a person does."""
        self.page.goto(self.url + "/intake/login")
        self.page.get_by_label("Tài khoản", exact=True).fill(account)
        self.page.get_by_label("Mật khẩu", exact=True).fill(password)
        self.page.get_by_role("button", name="Đăng nhập").click()
        self.page.wait_for_url(lambda address: "/intake/login" not in address)

    def come_in(self, account: str, password: str, address: str = "/intake/login") -> None:
        """At an address with a session of their own, where no test asks how one signs in: two page loads less."""
        answer = httpx.post(
            f"{self.url}/intake/login", json={"account": account, "password": password},
            timeout=PATIENCE / 1000, trust_env=False, verify=AUTHORITIES,
        )  # fmt: skip
        assert answer.status_code == 204, answer.text
        kept: Any = {"domain": "127.0.0.1", "path": "/", "secure": True, "httpOnly": True, "sameSite": "Lax"}
        self.context.add_cookies([{"name": each.name, "value": each.value, **kept} for each in answer.cookies.jar])
        self.page.goto(self.url + address)

    def overflow(self) -> int:
        """By how many pixels the page is wider than its window."""
        return overflow(self.page)
