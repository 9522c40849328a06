"""Surveys from a spreadsheet's file: shown first, written once confirmed, and a second time not again."""

from pathlib import Path
from typing import Any, get_args

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from services import intake
from services.intake.surveys.forms import Source
from services.intake.writing import forms
from tests.support.axe import violations
from tests.support.browser import DESK, Person, overflow
from tests.support.form import PASSWORDS, UNIT, until
from tests.support.instance import Instance

HEADS = "unit,quarter,source,asked,answered,satisfied"


@pytest.fixture
def page(people: list[Person], browser: Browser, instance: Instance) -> Page:
    people.append(person := Person(browser, instance.url, DESK))
    person.come_in("tham.dinh", PASSWORDS["tham.dinh"], "/intake/desk/#/surveys")
    expect(person.page.get_by_role("heading", name="Kết quả khảo sát sự hài lòng")).to_be_visible()
    return person.page


def choose(page: Page, text: str, encoding: str = "utf-8-sig") -> None:
    file: Any = {"name": "khao-sat.csv", "mimeType": "text/csv", "buffer": text.encode(encoding)}
    page.locator("#surveys-file").set_input_files(file)


def test_a_file_that_is_chosen_at_once_waits_for_the_units(
    people: list[Person], browser: Browser, instance: Instance
) -> None:
    people.append(person := Person(browser, instance.url, DESK))
    person.sign_in("tham.dinh", PASSWORDS["tham.dinh"])
    late: list[Route] = []
    person.page.route("**/intake/v1/units?*", lambda route: late.append(route))
    with person.page.expect_request("**/intake/v1/units?*"):
        person.page.goto(instance.url + "/intake/desk/#/surveys")
    choose(person.page, f"{HEADS}\n{UNIT},2026-Q3,SIPAS,10,9,8\n")
    expect(person.page.locator("#surveys-said")).to_have_count(0)
    late[0].continue_()
    expect(person.page.locator("#surveys-said")).to_contain_text("1 dòng đọc được")


def survey(instance: Instance, quarter: str = "2026-Q3") -> Any:
    client = instance.client(instance.token("reviewer"))
    return client.get(f"/reports/v1/scorecards/{quarter}/{UNIT}").json()["survey"]


def test_a_file_is_shown_then_written_and_a_second_time_not_again(page: Page, instance: Instance) -> None:
    rows = [f'{UNIT},2026-Q3,"SIPAS, đợt 1",120,80,71', f"{UNIT},2026-Q2,SIPAS,50,40,30"]
    choose(page, "\r\n".join([HEADS, *rows]))
    expect(page.locator("#surveys-said")).to_contain_text("2 dòng đọc được. Chưa ghi gì")
    expect(page.locator("#surveys-preview tbody tr").first).to_contain_text("SIPAS, đợt 1")
    assert "false" not in page.locator("#surveys-preview").inner_text()  # what is not shown leaves no word
    assert survey(instance) is None
    assert overflow(page) <= 0
    assert violations(page) == []
    page.get_by_role("button", name="Ghi 2 kết quả khảo sát").click()
    expect(page.locator("#flash")).to_contain_text("Đã ghi 2 kết quả khảo sát; 0 dòng đã có từ trước")
    # as a Vietnamese spreadsheet saves it: semicolons, heads in Vietnamese, another order of columns
    choose(page, f"Nguồn;Đơn vị;Quý;Hài lòng;Trả lời;Được hỏi\nSIPAS, đợt 1;{UNIT};2026-Q3;71;80;120\n")
    page.get_by_role("button", name="Ghi 1 kết quả khảo sát").click()
    expect(page.locator("#flash")).to_contain_text("Đã ghi 0 kết quả khảo sát; 1 dòng đã có từ trước")


def test_the_file_that_came_last_stands_also_when_it_was_recorded_once_before(page: Page, instance: Instance) -> None:
    for satisfied in (60, 61, 60):
        choose(page, f"{HEADS}\n{UNIT},2026-Q1,SIPAS,120,80,{satisfied}\n")
        page.get_by_role("button", name="Ghi 1 kết quả khảo sát").click()
        expect(page.locator("#flash")).to_contain_text("Đã ghi 1 kết quả khảo sát; 0 dòng đã có từ trước")
        until(lambda: [one["satisfied"] for one in survey(instance, "2026-Q1") or ()] == [satisfied])  # noqa: B023


def test_rows_that_cannot_be_compared_are_not_said_to_stand(page: Page, instance: Instance) -> None:
    for satisfied in (50, 51):
        choose(page, f"{HEADS}\n{UNIT},2025-Q4,SIPAS,120,80,{satisfied}\n")
        page.get_by_role("button", name="Ghi 1 kết quả khảo sát").click()
        expect(page.locator("#flash")).to_contain_text("Đã ghi 1 kết quả khảo sát")
        until(lambda: [one["satisfied"] for one in survey(instance, "2025-Q4") or ()] == [satisfied])  # noqa: B023
    page.route("**/reports/v1/scorecards/**", lambda route: route.abort())
    choose(page, f"{HEADS}\n{UNIT},2025-Q4,SIPAS,120,80,50\n")
    confirm = page.get_by_role("button", name="Ghi 1 kết quả khảo sát")
    confirm.click()
    expect(page.locator("#flash")).to_contain_text("chưa so được dòng đã có với phiếu điểm")
    page.unroute("**/reports/v1/scorecards/**")
    confirm.click()
    expect(page.locator("#flash")).to_contain_text("Đã ghi 1 kết quả khảo sát")
    until(lambda: [one["satisfied"] for one in survey(instance, "2025-Q4") or ()] == [50])


def test_rows_that_are_wrong_are_named_and_nothing_can_be_written(page: Page, instance: Instance) -> None:
    choose(
        page,
        "\n".join([HEADS, f"{UNIT},2026-Q3,SIPAS,10,20,30", "xa-khong-co,2026-Q9,,1,1,x", f"{UNIT},2026-Q2,A,9,8,7"]),
    )
    expect(page.locator("#surveys-said")).to_contain_text("2 trong 3 dòng có lỗi")
    first, second = page.locator("#surveys-preview tbody tr").nth(0), page.locator("#surveys-preview tbody tr").nth(1)
    expect(first).to_contain_text("trả lời nhiều hơn được hỏi; hài lòng nhiều hơn trả lời")
    expect(second).to_contain_text(
        "không có đơn vị này; quý phải viết như 2026-Q3; thiếu nguồn; hài lòng phải là số nguyên"
    )
    expect(page.locator("#surveys-confirm")).to_have_count(0)
    choose(page, "unit,quarter\n")
    expect(page.locator("#flash")).to_contain_text("phải có các cột")
    expect(page.locator("#surveys-preview")).to_be_empty()
    # a decimal comma among commas, lines that end as in old files among others: no row is lost, no figure shifted
    choose(page, f"{HEADS}\r\n{UNIT},2026-Q3,SIPAS,120,80,71,5\r{UNIT},2026-Q2,SIPAS,120,80,71,\n")
    expect(page.locator("#surveys-said")).to_contain_text("1 trong 2 dòng có lỗi")
    expect(first).to_contain_text("nhiều ô hơn dòng đầu")
    choose(page, f'{HEADS}\n{UNIT},2026-Q3,"SIPAS" A,120,80,71\n')
    expect(first).to_contain_text('"SIPAS" A')
    # columns that are not read: under no head nothing may stand, under another it is shown, so that a shift is seen
    choose(page, f"{HEADS},,\n{UNIT},2026-Q3,SIPAS,120,80,0,71\n")
    expect(first).to_contain_text("có ô dưới cột không tên")
    choose(page, f"{HEADS},ghi chú\n{UNIT},2026-Q3,SIPAS,120,80,0,71\n")
    expect(page.locator("#surveys-ignored")).to_contain_text("ghi chú")
    expect(page.locator("#surveys-preview thead th").last).to_have_text("ghi chú (không ghi)")
    expect(first.locator("td").last).to_have_text("71")
    # a source that the server refuses; a quotation mark left open takes in rows, also in a column that is not read
    for source, said in (
        (f'"SIPAS,10,9,8\n{UNIT},2026-Q2,A"', "nguồn phải là một dòng; có thể thiếu dấu nháy đóng"),
        ("S" * 61, "nguồn dài quá 60 ký tự"),
        ("S\u0007A", "nguồn phải có chữ"),
        ("12", "nguồn phải có chữ"),
    ):
        choose(page, f"{HEADS}\n{UNIT},2026-Q3,{source},10,9,8\n")
        expect(first).to_contain_text(said)
    choose(page, f'{HEADS},x\n{UNIT},2026-Q3,A,9,8,7,"a\n{UNIT},2026-Q2,B,9,8,7,b"\n')
    expect(first).to_contain_text("nuốt các dòng sau")
    for source, read in (('"S" ', "S"), (' "S, 2"', "S, 2"), (' "S, 2" ', "S, 2")):
        choose(page, f"{HEADS}\n{UNIT},2026-Q3,{source},10,9,8\n")
        expect(page.locator("#surveys-said")).to_contain_text("1 dòng đọc được")
        expect(first.locator("td").nth(3)).to_have_text(read)
    choose(page, f"sep=;\n\n;;\n{HEADS.replace(',', ';')}\n{UNIT};2026-Q3;S, 2;10;9;8\n")
    expect(first.locator("td").first).to_have_text("5")  # as the file's lines are numbered
    expect(first.locator("td").nth(3)).to_have_text("S, 2")
    choose(page, f"Kết quả khảo sát\n{HEADS}\n{UNIT},2026-Q3,S,10,9,8\n")
    expect(page.locator("#flash")).to_contain_text("Dòng đầu đang là: “Kết quả khảo sát”")
    choose(page, f"{HEADS}\n{UNIT},2026-Q3,Nhân dân,9,8,7\n", "cp1258")
    expect(page.locator("#flash")).to_contain_text("CSV UTF-8")
    expect(page.locator("#surveys-preview")).to_be_empty()
    choose(page, f"unit\tquarter\tsource\tasked\tanswered\tsatisfied\n{UNIT}\t2026-Q3\tĐợt 1\t9\t8\t7\n", "utf-16")
    expect(page.locator("#surveys-said")).to_contain_text("1 dòng đọc được")
    expect(first).to_contain_text("Đợt 1")


def test_a_source_is_read_by_the_servers_own_pattern() -> None:
    page = (Path(intake.__file__).parent / "static" / "desk" / "surveys.js").read_text()
    assert f"String.raw`{forms._LETTER}`" in page and f"String.raw`{forms._SIGN}`" in page
    assert "LONGEST_SOURCE = 60;" in page and get_args(Source)[-1].metadata[0].max_length == 60
