"""A case drawn for a second review, as the one who reads it blind sees it."""

import subprocess
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.e2e.test_desk_cases import case, inspected
from tests.e2e.test_whole_case import form, send
from tests.support.browser import overflow
from tests.support.case_world import fresh
from tests.support.form import PASSWORDS, UNIT
from tests.support.instance import Instance
from tests.support.restore import PROGRAMS


@pytest.fixture(scope="module", autouse=True)
def another(instance: Instance) -> None:
    """A second reviewer."""
    PASSWORDS["tham.dinh.2"] = instance.member("tham.dinh.2", "reviewer", None)


def test_a_second_review_is_read_without_the_first_outcome(enter: Any, instance: Instance) -> None:
    inspection, [finding] = inspected(instance, "A05")
    head = instance.client(instance.token("unit_head", UNIT))
    body = {"accepts": False, "private": {"text": "Có người trực."}}
    assert head.put(f"/intake/v1/findings/{finding}/reply/{fresh()}", json=body).status_code == 201
    reviewer = instance.client(instance.token("reviewer"))
    decision = {"outcome": "upheld", "private": {"reason": "BÍ MẬT CỦA LẦN ĐẦU"}}
    assert reviewer.put(f"/intake/v1/findings/{finding}/decision/{fresh()}", json=decision).status_code == 201
    draw(instance, finding)
    page = enter("tham.dinh.2", "/intake/desk/#/second")
    expect(page.locator("#count-second")).to_have_text("1")
    shown = case(page, finding)
    expect(shown).to_contain_text("Có người trực.")
    expect(page.locator("main")).not_to_contain_text("BÍ MẬT CỦA LẦN ĐẦU")
    expect(page.locator("#view-second")).not_to_contain_text("Xác nhận vi phạm: ")
    own = form(page, finding, "second-review")
    own.get_by_label("Chưa đủ chứng cứ").check()
    own.get_by_label("Lý do", exact=True).fill("Chưa rõ ca trực.")
    assert overflow(page) <= 0
    send(page, own, "Đã ghi thẩm định lần hai")
    expect(page.locator("#second-list")).to_contain_text("Không có hồ sơ nào được rút")
    page.goto(f"{instance.url}/intake/desk/#/history/{inspection}/{finding}")
    expect(case(page, finding)).to_contain_text("BÍ MẬT CỦA LẦN ĐẦU")  # now it may be read


def draw(instance: Instance, finding: str) -> None:
    """As the log would have drawn it."""
    url = (instance.data / "secrets" / "database_url").read_text().strip()
    script = f"""INSERT INTO intake.second_review (finding, decided_at)
                 SELECT finding, at FROM intake.case_step WHERE finding = '{finding}' AND type = 'finding.decided'
                 ON CONFLICT DO NOTHING"""
    subprocess.run([PROGRAMS / "psql", url, "-qv", "ON_ERROR_STOP=1", "-c", script], check=True)
