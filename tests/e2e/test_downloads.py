"""A file that is not published leaves the page by one press: told to the log, its progress in sight."""

import io
import json
import re
from pathlib import Path

import openpyxl
from playwright.sync_api import Browser, expect

from services.kernel.identity.roles import Role
from tests.support.browser import DESK, Person
from tests.support.form import UNIT
from tests.support.instance import Instance


def test_the_reviewer_takes_the_live_list_away(browser: Browser, instance: Instance, people: list[Person]) -> None:
    password = instance.member("tai.ve", Role.REVIEWER)
    people.append(person := Person(browser, instance.url, DESK))
    person.come_in("tai.ve", password)
    page = person.page
    told: list[str] = []
    page.on("request", lambda asked: told.append(asked.url) if "/intake/v1/exports/" in asked.url else None)
    page.goto(f"{instance.url}/reports/")
    with page.expect_download() as waiting:
        page.get_by_role("link", name="Excel", exact=True).click()
    assert re.fullmatch(r"Phiếu điểm Quý .*tạm tính\.xlsx", waiting.value.suggested_filename)
    book = openpyxl.load_workbook(io.BytesIO(Path(waiting.value.path()).read_bytes()))
    assert UNIT in [row[2] for row in book["Phiếu điểm"].iter_rows(min_row=2, values_only=True)]
    expect(page.get_by_role("status").filter(has_text="Đã tải")).to_contain_text("kB")
    [address] = told
    with instance.client(instance.token("auditor")) as client:
        event = client.get(f"/audit/v1/entries/{address.rpartition('/')[2]}").json()
    assert (event["type"], event["data"]["format"]) == ("kycuong.data.exported.v1", "xlsx")
    assert "tai.ve" not in json.dumps(event)


def test_a_network_that_goes_away_is_said_in_the_reader_s_language(
    browser: Browser, instance: Instance, people: list[Person]
) -> None:
    people.append(person := Person(browser, instance.url, DESK))
    person.come_in("tai.hong", instance.member("tai.hong", Role.REVIEWER))
    person.page.goto(f"{instance.url}/reports/")
    person.page.route(re.compile(r"/reports/v1/.*format=xlsx"), lambda route: route.abort())
    person.page.get_by_role("link", name="Excel", exact=True).click()
    expect(person.page.locator("#flash")).to_have_text(re.compile("Không kết nối được máy chủ"))
    expect(person.page.locator(".download")).to_have_count(0)


def test_a_plain_link_without_the_script_is_told_what_to_do(
    browser: Browser, instance: Instance, people: list[Person]
) -> None:
    password = instance.member("khong.ma", Role.REVIEWER)
    people.append(person := Person(browser, instance.url, DESK))
    person.come_in("khong.ma", password)
    answer = person.page.request.get(f"{instance.url}/reports/v1/scorecards/2026-Q3?format=xlsx")
    assert answer.status == 409
    assert "/intake/v1/exports/" in answer.json()["detail"]
