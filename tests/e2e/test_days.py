"""Days are typed as people here write them, on every page that asks for one."""

from playwright.sync_api import Browser

from tests.support.browser import PHONE, Person
from tests.support.instance import Instance

TYPED = {
    "15/12/2026": "2026-12-15", "1/2/2027": "2027-02-01", "01-02-2027": "2027-02-01", "1.2.27": "2027-02-01",
    " 15 / 12 / 2026 ": "2026-12-15", "2026-12-15": "2026-12-15", "29/2/2028": "2028-02-29", "": "", "   ": "",
    "29/2/2027": None, "31/04/2026": None, "12/15/2026": None, "0/1/2026": None, "15/12": None, "mai": None,
    "15/12/2026x": None, "1/1/99999": None,
}  # fmt: skip


def test_a_day_is_read_as_it_is_written_here_and_nothing_else_is_a_day(browser: Browser, instance: Instance) -> None:
    person = Person(browser, instance.url, PHONE)
    person.page.goto(instance.url + "/intake/login")
    read = person.page.evaluate(
        "async (typed) => typed.map((await import('/intake/static/shared/days.js')).dayOf)",
        [*TYPED],
    )
    assert dict(zip(TYPED, read, strict=True)) == TYPED
    person.context.close()
