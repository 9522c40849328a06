"""The phone folds as the server does: a name found on one is found on the other."""

from playwright.sync_api import Browser

from services.domain.folding import plain
from tests.support.browser import PHONE, Person
from tests.support.instance import Instance
from tests.unit.test_folding import SPELLINGS


def test_the_phone_and_the_server_fold_alike(browser: Browser, instance: Instance) -> None:
    person = Person(browser, instance.url, PHONE)
    person.page.goto(instance.url + "/intake/login")
    letters = [chr(code) for code in (*range(0x20, 0x250), *range(0x1E00, 0x2070), *range(0xFF01, 0xFF5F))]
    asked = [*SPELLINGS, *(f"a{letter}b" for letter in letters)]
    folded = person.page.evaluate(
        "async (asked) => { const { plain } = await import('/intake/assets/words.js'); return asked.map(plain); }",
        asked,
    )
    assert dict(zip(asked, folded, strict=True)) == {one: plain(one) for one in asked}
    person.context.close()
