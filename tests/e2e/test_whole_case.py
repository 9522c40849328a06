"""A whole case by its four people, from an assignment to a verified remedy, on both streams; the card moves with each.

Nobody waits for three days: the deadline is moved near by hand.
"""

import subprocess
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from services.domain.rulefiles import load_calendar
from services.kernel.quarters import local_date, quarter_of
from tests.e2e.test_desk_cases import case, state, write
from tests.e2e.test_desk_visit import PAPER
from tests.support.browser import DESK, PHONE, Person, overflow
from tests.support.case_world import closing, fresh
from tests.support.form import FAR, NAME, PASSWORDS, UNIT, record, stored, until
from tests.support.installation import Model, installed
from tests.support.instance import Instance
from tests.support.postgres import Cluster
from tests.support.restore import PROGRAMS


def today() -> date:
    return local_date(datetime.now(UTC))


@pytest.fixture(scope="module", params=["embedded", "kafka"])
def instance(request: pytest.FixtureRequest, cluster: Cluster, settled: Model) -> Iterator[Instance]:
    env = {}
    if request.param == "kafka":
        broker = request.getfixturevalue("kafka_process")
        env = {"KYCUONG_KAFKA": broker.address, "KYCUONG_TOPIC_PREFIX": broker.prefix()}
    with installed(cluster, settled, **env) as instance:
        PASSWORDS["tham.dinh.2"] = instance.member("tham.dinh.2", "reviewer", None)
        yield instance


@pytest.fixture
def enter(people: list[Person], browser: Browser, instance: Instance) -> Any:
    there: dict[tuple[str, int], Page] = {}

    def enter(account: str, address: str, viewport: dict[str, int] = DESK) -> Page:
        """A person's page loaded anew, each signed in once on each machine."""
        key = account, viewport["width"]
        if key not in there:
            people.append(person := Person(browser, instance.url, viewport))
            person.sign_in(account, PASSWORDS[account])
            there[key] = person.page
        there[key].goto("about:blank")  # else another fragment of the same page would load nothing
        there[key].goto(instance.url + address)
        return there[key]

    return enter


def form(page: Page, finding: str, noun: str) -> Any:
    """The form of a noun, unfolded."""
    fold = case(page, finding).locator(f"[data-act={noun}] > summary")
    shown = case(page, finding).locator(f"form[data-noun={noun}]")
    shown.or_(fold).first.wait_for()
    if fold.count():
        fold.click()
    return shown


def send(page: Page, shown: Any, said: str) -> None:
    shown.locator("button:not([type])").click()
    page.get_by_role("button", name="Gửi ngay").click()
    expect(page.locator("#flash")).to_contain_text(said)


def decide(page: Page, finding: str, outcome: str) -> None:
    shown = form(page, finding, "decision")
    shown.get_by_label(outcome).check()
    shown.get_by_label("Lý do", exact=True).fill("Theo hồ sơ.")
    send(page, shown, "Đã quyết định")


def report(page: Page, finding: str) -> None:
    shown = form(page, finding, "remedy-report")
    shown.get_by_label("Khắc phục xong ngày").fill(f"{today():%d/%m/%Y}")
    shown.get_by_label("Đã làm gì").fill("Đã bố trí người trực thay.")
    send(page, shown, "Đã nhận báo cáo khắc phục")


def verify(page: Page, finding: str, outcome: str) -> None:
    shown = form(page, finding, "remedy-verification")
    shown.get_by_label(outcome).check()
    shown.get_by_label("Lý do", exact=True).fill("Đã xem tài liệu.")
    send(page, shown, "Đã ghi kết quả khắc phục")


def more_time(page: Page, finding: str, noun: str, until: date, said: str) -> None:
    shown = form(page, finding, noun)
    shown.get_by_label("Đến hết ngày").fill(f"{until:%d/%m/%Y}")
    shown.get_by_label("Lý do", exact=True).fill("Chờ bản sao giấy mời.")
    send(page, shown, said)


def near(instance: Instance, finding: str) -> None:
    """As if the reply were due today."""
    url = (instance.data / "secrets" / "database_url").read_text().strip()
    script = f"UPDATE intake.deadline SET due = now() + interval '2 hours' WHERE finding = '{finding}'"
    subprocess.run([PROGRAMS / "psql", url, "-qv", "ON_ERROR_STOP=1", "-c", script], check=True)


class Watched:
    """What the log's readers make of the case."""

    def __init__(self, instance: Instance) -> None:
        self._reviewer = instance.client(instance.token("reviewer"))
        self._head = instance.client(instance.token("unit_head", UNIT, "chu.tich"))

    def card(self) -> tuple[str, int, int]:
        """The score, how many findings are pending, and how many were remedied."""
        card = self._reviewer.get(f"/reports/v1/scorecards/{quarter_of(today())}/{UNIT}").json()
        items = [item for one in card["inspections"] for item in one["items"]]
        return card["score"], card["pending"]["findings"], sum(bool(item.get("remedied")) for item in items)

    def moved(self, score: str, pending: int, remedied: int = 0) -> None:
        """Wait for the card to say so."""
        until(lambda: self.card() == (score, pending, remedied))

    def told(self, kind: str) -> None:
        """Wait for the head to have a notice of a kind."""
        until(lambda: kind in [one["kind"] for one in self._head.get("/reports/v1/notices").json()["items"]])


def opened(enter: Any, instance: Instance) -> tuple[str, str]:
    """An inspector opens what was assigned to him, finds one thing and goes; the inspection and the finding."""
    plan, day = fresh(), today().isoformat()
    chosen = [{"unit": UNIT, "selection": "scheduled"}]
    body = {"basis": "16/KH-SNV", "kind": "planned", "from": day, "to": day, "strata": [], "chosen": chosen}
    write(instance, "reviewer", f"rounds/{plan}", body)
    going = {"unit": UNIT, "opener": "an.kt", "team": [], "from": day, "to": day}
    write(instance, "reviewer", f"rounds/{plan}/assignments/{fresh()}", going)
    page = enter("an.kt", "/intake/", PHONE)
    page.locator("#list-assigned li").get_by_role("button", name="Bắt đầu").click()
    expect(page.locator("#unit-picked")).to_contain_text(NAME)
    page.get_by_label("Tôi không có xung đột lợi ích").check()
    page.get_by_role("button", name="Bắt đầu kiểm tra").click()
    expect(page.get_by_role("heading", level=1, name=NAME)).to_be_visible()
    record(page, "A03")
    inspection = page.url.partition("#/inspection/")[2]
    until(lambda: stored(instance, inspection) == [("A03", 1)])
    write(instance, "lead", f"inspections/{inspection}/closing/{fresh()}", closing())
    found = instance.client(instance.token("lead")).get(f"/intake/v1/findings?inspection={inspection}").json()
    return inspection, found["items"][0]["id"]


@pytest.mark.timeout(300)
def test_a_whole_case_by_four_people(enter: Any, instance: Instance) -> None:
    watched, calendar = Watched(instance), load_calendar()
    inspection, finding = opened(enter, instance)
    head_link, office_link = f"/intake/desk/#/answer/{inspection}", f"/intake/desk/#/waiting/{inspection}"
    watched.told("findings")
    watched.moved("100.00", 1)
    near(instance, finding)
    watched.told("reminder")

    head = enter("chu.tich", "/reports/notices", PHONE)
    expect(head.locator("[data-notices]")).to_contain_text(NAME)
    head.goto(instance.url + head_link)
    later = calendar.add_working_days(today() + timedelta(days=1), 3)
    more_time(head, finding, "extension-request", later, "Đã gửi đề nghị gia hạn")
    first = enter("tham.dinh", "/intake/desk/")
    first.get_by_role("button", name="Gia hạn").first.click()
    first.locator(f'[data-row="{finding}"]').click()
    more_time(first, finding, "extension", later, "Đã gia hạn")
    watched.told("extension")

    head = enter("chu.tich", head_link, PHONE)
    reply = form(head, finding, "reply")
    reply.get_by_label("Không thống nhất").check()
    reply.get_by_label("Nội dung giải trình").fill("Có giấy mời họp.")
    reply.get_by_label("Tài liệu kèm theo").set_input_files(
        {"name": "giấy mời.pdf", "mimeType": "application/pdf", "buffer": PAPER}
    )
    expect(reply).to_contain_text("giấy mời.pdf")
    send(head, reply, "Đã nhận giải trình")
    first = enter("tham.dinh", office_link)
    expect(case(first, finding).get_by_role("link", name="Tài liệu 1 (PDF")).to_be_visible(timeout=FAR)
    decide(first, finding, "Xác nhận vi phạm")
    score = f"{100 - points(watched):.2f}"
    watched.moved(score, 0)

    head = enter("chu.tich", head_link, PHONE)
    expect(head.locator("#view-answer")).to_be_visible()  # it waits for the unit again: to be put right
    appeal = form(head, finding, "appeal")
    appeal.get_by_label("Nội dung khiếu nại").fill("Giấy mời đề đúng ngày.")
    assert overflow(head) <= 0
    send(head, appeal, "Đã nhận khiếu nại")
    watched.moved("100.00", 1)
    first = enter("tham.dinh", office_link)
    expect(case(first, finding)).to_contain_text("Giấy mời đề đúng ngày.")
    expect(case(first, finding).locator("form[data-noun=decision]")).to_have_count(0)  # another decides
    second = enter("tham.dinh.2", office_link)
    decide(second, finding, "Xác nhận vi phạm")
    watched.moved(score, 0)

    head = enter("chu.tich", head_link)
    report(head, finding)
    second = enter("tham.dinh.2", "/intake/desk/")
    second.get_by_role("button", name="Khắc phục").click()
    second.locator(f'[data-row="{finding}"]').click()
    verify(second, finding, "Chưa đạt, yêu cầu làm lại")
    head = enter("chu.tich", head_link)
    expect(case(head, finding)).to_contain_text("Đã xem tài liệu.")
    report(head, finding)
    second = enter("tham.dinh.2", office_link)
    verify(second, finding, "Đã khắc phục")
    assert state(instance, finding) == "decided"
    watched.moved(f"{100 - (100 - float(score)) / 2:.2f}", 0, 1)  # put right in time: half of it comes back
    story = case(second, finding).locator(".story")
    story.locator("summary").click()
    expect(story.get_by_role("listitem")).to_have_count(12)
    expect(story).to_contain_text("của nhật ký")


def points(watched: Watched) -> float:
    """What the finding costs, once the card has it."""
    until(lambda: watched.card()[1] == 0 and watched.card()[0] != "100.00")
    return 100 - float(watched.card()[0])
