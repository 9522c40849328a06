"""The form's rules and the server's are the same: both are asked about the same bodies, and name the same fields."""

import copy
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route

from services.intake.faces.shell import OWN
from services.intake.findings.forms import RecordFinding, WithdrawFinding
from services.intake.inspections.closing_form import CloseInspection
from services.intake.inspections.forms import OpenInspection
from services.intake.writing.forms import Form, read_form
from services.kernel.web.pages import KERNEL
from tests.support.traffic import fresh

AT = "2026-09-01T07:45:12+07:00"
MINUTES = {
    "number": "12/BB-ĐKT", "place": "Hội trường", "leader": "Trần Văn Trưởng", "secretary": "Phạm Thị Thư",
    "demands": "Chấn chỉnh.", "demands_due": "2026-10-01", "copies": 3,
    "representative": {"name": "Nguyễn Văn Ví Dụ", "post": "Phó Chủ tịch"},
}  # fmt: skip
WHOLE: dict[str, tuple[type[Form], dict[str, Any]]] = {
    "inspection": (OpenInspection, {
        "unit": "xa-tan-hoa", "kind": "planned", "selection": "random", "basis": "12/QĐ-SNV", "opened_at": AT,
        "team": ["hoa.kt"], "impartial": True,
    }),
    "finding": (RecordFinding, {
        "inspection": fresh(), "code": "A03", "count": 2, "captured_at": AT,
        "private": {"narrative": "Bàn trống.", "persons": ["Ông A", "Bà B"]},
    }),
    "closing": (CloseInspection, {
        "closed_at": AT, "assigned": 45, "present": 40, "late": 3, "unexcused": 2, "excused": {"leave": 2, "duty": 1},
        "persons_checked": 45, "files_checked": 0, "signed": True,
        "private": {"opinion": "Nhất trí.", "refusal": "Không.", "minutes": MINUTES},
    }),
    "withdrawal": (WithdrawFinding, {"private": {"reason": "Ghi nhầm."}}),
}  # fmt: skip
NUMBERS = [
    "401/QĐ-SNV", "12/QĐ–SNV", "12—3", "12 / QĐ", "QĐ-SNV", "", "12/QĐ-SNV;13", "x" * 59 + "1", "x" * 60 + "1", "_1",
    "12(a)", "１２/QĐ", "12/QĐ-SNV\n", " 12", "1²", "12/ĐĐ&H.", "12,13",
]  # fmt: skip
TEXTS = ["", "x", "x" * 4000, "x" * 4001, "ế" * 4000, "e\u0302\u0301" * 3999, "a\nb", "😀" * 4000, "😀" * 4001]
LINES = ["x", "x" * 200, "x" * 201, "ế" * 200, "a\nb", " a", "a ", ""]
COUNTS = [0, 1, 9_999, 10_000, 99_999, 100_000, -1, 1.5, "3", None, True]
CASES: list[tuple[str, str, list[Any]]] = [
    ("inspection", "/unit", ["xa-tan-hoa", "xa", "Xã", "x" * 63, "x" * 64, ""]),
    ("inspection", "/kind", ["recheck", "other", ""]),
    ("inspection", "/selection", ["risk", "complaint", "scheduled", "whim", ""]),
    ("inspection", "/basis", NUMBERS),
    ("inspection", "/opened_at", [AT, "1970-01-01T07:00:00+07:00", "hôm nay"]),
    ("inspection", "/team", [[], ["a"], ["Nguyễn Văn A"], ["hoa.kt", "BINH"], ["x1"] * 99, ["x1"] * 100, ["-a"]]),
    ("finding", "/code", ["A03", "Z99", "a03", "A3", ""]),
    ("finding", "/count", COUNTS),
    ("finding", "/captured_at", [AT, "1999-12-31T23:59:59+07:00"]),
    ("finding", "/private/narrative", TEXTS),
    ("finding", "/private/persons", [[], ["x"] * 100, ["x"] * 101, ["x" * 4001], ["a", "x" * 4000]]),
    *[("closing", f"/{name}", COUNTS) for name in ("persons_checked", "files_checked")],
    *[("closing", f"/{name}", [*COUNTS, 40, 41, 2, 3, 4]) for name in ("assigned", "present", "late", "unexcused")],
    *[("closing", f"/excused/{name}", COUNTS) for name in ("leave", "maternity")],
    ("closing", "/excused", [{}, {"leave": 3}, {"leave": 2, "sickness": 1}]),
    ("closing", "/signed", [True, False, None]),
    *[("closing", f"/private/{name}", TEXTS) for name in ("opinion", "refusal", "minutes/demands")],
    ("closing", "/private/minutes/number", NUMBERS),
    *[("closing", f"/private/minutes/{name}", LINES)
      for name in ("place", "leader", "secretary", "representative/name", "representative/post")],
    ("closing", "/private/minutes/demands_due", ["2026-02-28", "2026-02-30", "1999-01-01", "28/02/2026", ""]),
    ("closing", "/private/minutes/copies", [1, 99, 0, 100, None]),
    ("withdrawal", "/private/reason", [*TEXTS, " ", "\n"]),
]  # fmt: skip


@pytest.fixture(scope="module")
def form(browser: Browser) -> Iterator[Page]:
    """A page that holds the form's scripts and nothing else."""
    page = browser.new_page()

    def give(route: Route) -> None:
        _, _, folder, name = route.request.url.split("//")[1].split("/", 3)
        path = (KERNEL / "static" if folder == "assets" else OWN / "static") / name
        if path.suffix == ".js":
            route.fulfill(path=path, content_type="text/javascript")
        else:
            route.fulfill(body="<!doctype html><html lang=vi>", content_type="text/html")

    page.route("**/*", give)
    page.goto("http://form.test/intake/static/empty.html")
    yield page
    page.close()


ASK = """async ([kind, bodies]) => {
    const { faults } = await import("/intake/static/shared/rules.js");
    return bodies.map((body) => faults(kind, body));
}"""


def bodies(kind: str, pointer: str, values: list[Any]) -> list[dict[str, Any]]:
    """A whole body, with each value in its place."""
    made = []
    for value in values:
        body = copy.deepcopy(WHOLE[kind][1])
        *path, last = pointer.strip("/").split("/")
        place: Any = body
        for name in path:
            place = place[name]
        place[last] = value
        made.append(body)
    return made


def server(kind: str, body: dict[str, Any]) -> set[str]:
    read = read_form(WHOLE[kind][0], body)
    return {error.pointer for error in read} if isinstance(read, list) else set()


def test_a_whole_body_is_taken_by_both(form: Page) -> None:
    for kind, (_, body) in WHOLE.items():
        assert form.evaluate(ASK, [kind, [body]]) == [[]]
        assert server(kind, body) == set()


@pytest.mark.parametrize(("kind", "pointer", "values"), CASES, ids=lambda case: case if isinstance(case, str) else "")
def test_the_form_names_the_fields_that_the_server_would(
    form: Page, kind: str, pointer: str, values: list[Any]
) -> None:
    asked = bodies(kind, pointer, values)
    told = form.evaluate(ASK, [kind, asked])
    differing = [
        (value, {fault["pointer"] for fault in faults}, server(kind, body))
        for value, faults, body in zip(values, told, asked, strict=True)
        if {fault["pointer"] for fault in faults} != server(kind, body)
    ]
    assert differing == []
    assert all(fault["detail"] for faults in told for fault in faults)


def test_a_long_dash_is_named_with_what_to_write_by_both(form: Page) -> None:
    [body] = bodies("inspection", "/basis", ["12/QĐ–SNV"])
    [[fault]] = form.evaluate(ASK, ["inspection", [body]])
    [error] = read_form(OpenInspection, body)  # type: ignore[misc]
    for words in (fault["detail"], error.vi):
        assert "gạch nối" in words and words.endswith("12/QĐ-SNV")
    for number in NUMBERS:
        read = read_form(OpenInspection, bodies("inspection", "/basis", [number])[0])
        assert not isinstance(read, list) or not [error for error in read if "\\w" in error.vi], number


def test_what_no_request_may_hold_is_told_before_it_is_kept(form: Page) -> None:
    """A lone half of a character, a heap of marks, and more than a body may weigh: unread there."""
    told = form.evaluate(
        """async (body) => {
            const { faults } = await import("/intake/static/shared/rules.js");
            const asked = ["a\\ud83d", "a" + "\\u0301".repeat(31), "a" + "\\u0301".repeat(30)];
            const each = asked.map((narrative) => faults("finding", { ...body, private: { narrative } }).length);
            const persons = Array.from({ length: 20 }, () => "x".repeat(3500));
            return [...each, faults("finding", { ...body, private: { persons } }).map(({ pointer }) => pointer)];
        }""",
        WHOLE["finding"][1],
    )
    assert told == [1, 1, 0, [""]]
