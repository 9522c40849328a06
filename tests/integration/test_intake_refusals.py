"""Everything the contract refuses: its problem, the field it names, and nothing left behind."""

import json

import pytest
import pytest_asyncio

from tests.support.intake import UNIT, closing, fresh, opening, populate, recording, register, running_intake

LONG = "ă" * 4001


@pytest_asyncio.fixture
async def intake(settings):
    async with running_intake(settings) as intake:
        yield await populate(intake)


@pytest_asyncio.fixture
async def inspection(intake):
    inspection = fresh()
    await intake.put("inspector", f"inspections/{inspection}", opening())
    return inspection


async def refused(intake, who, path, body, status, slug, pointer=None, **headers):
    before = await intake.rows()
    answer = await intake.put(who, path, body, status, **headers)
    problem = answer.json()
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert problem["type"] == f"/problems/{slug}" and problem["status"] == status
    assert problem["title"] and problem["detail"] and problem["instance"]
    if status == 422:
        assert problem["errors"]
    if pointer is not None:
        assert pointer in [error["pointer"] for error in problem["errors"]], problem["errors"]
    assert await intake.rows() == before
    return problem


BROKEN = [
    b"",
    b"{",
    b'{"a":1',
    b"nul",
    b'{"a":1}x',
    b'{"a":1,"a":2}',
    b'{"a":"\xff"}',
    b'{"a":"\\ud800"}',
    b'{"a":NaN}',
    b'{"a":Infinity}',
    b"[" * 17 + b"]" * 17,
    b'{"a":{"b":1,"b":2}}',
    "{}".encode("utf-16"),
]


@pytest.mark.parametrize("body", BROKEN)
async def test_broken_json_is_400_before_anything_else(intake, body):
    await refused(intake, "nobody", f"findings/{fresh()}", body, 400, "bad-json")


async def test_size_and_type_come_first(intake):
    large = b'{"a":"' + b"x" * 65536 + b'"}'
    await refused(intake, "nobody", f"findings/{fresh()}", large, 413, "too-large")
    await refused(intake, "nobody", f"findings/{fresh()}", large, 413, "too-large", **{"content-type": "text/plain"})
    await refused(intake, "nobody", f"findings/{fresh()}", b"{", 415, "not-json", **{"content-type": "text/plain"})


async def test_no_broken_or_expired_token_is_401(intake, inspection):
    for token in ("", "x", "a" * 5000):
        await refused(intake, token, f"findings/{fresh()}", {}, 401, "unauthorized")
    await intake.expire("inspector")
    await refused(intake, "inspector", f"findings/{fresh()}", recording(inspection), 401, "unauthorized")
    answer = await intake.client.put(f"/intake/v1/findings/{fresh()}", json={})
    assert answer.status_code == 401 and "www-authenticate" in answer.headers


@pytest.mark.parametrize(
    ("who", "path"),
    [
        ("inspector", "unit-changes/{id}"),
        ("reviewer", "unit-changes/{id}"),
        ("head", "findings/{id}"),
        ("reviewer", "findings/{id}"),
        ("auditor", "findings/{id}"),
        ("admin", "inspections/{id}"),
        ("lead", "findings/{id}/reply/{id}"),
        ("inspector", "findings/{id}/decision/{id}"),
        ("lead", "findings/{id}/decision/{id}"),
        ("head", "findings/{id}/withdrawal/{id}"),
        ("reviewer", "inspections/{id}/closing/{id}"),
        ("inspector", "inspections/{id}/acknowledgement/{id}"),
        ("lead", "commendations/{id}"),
        ("admin", "quarters/2026-Q3/closing/{id}"),
        ("auditor", "quarters/x/closing/{id}"),
    ],
)
async def test_role_is_told_before_shape(intake, who, path):
    await refused(intake, who, path.format(id=fresh()), {"nonsense": 1}, 403, "forbidden")


def edited(body, **changes):
    """A body with fields replaced; None... the string "-" removes one."""
    made = body | changes
    return {name: value for name, value in made.items() if value != "-"}


FINDING_FAULTS = [
    ({"count": True}, "/count"),
    ({"count": 1.5}, "/count"),
    ({"count": 1.0}, "/count"),
    ({"count": "3"}, "/count"),
    ({"count": 0}, "/count"),
    ({"count": 10_000}, "/count"),
    ({"count": -1}, "/count"),
    ({"count": None}, "/count"),
    ({"count": 2**70}, "/count"),
    ({"count": "-"}, "/count"),
    ({"code": "-"}, "/code"),
    ({"captured_at": "-"}, "/captured_at"),
    ({"inspection": "-"}, "/inspection"),
    ({"inspection": "x"}, "/inspection"),
    ({"inspection": "0190F3C8-0000-7000-8000-000000000000"}, "/inspection"),
    ({"code": "Z99"}, "/code"),
    ({"code": 1}, "/code"),
    ({"code": "K01"}, "/code"),
    ({"code": "K03"}, "/code"),
    ({"code": "a01"}, "/code"),
    ({"extra": 1}, "/extra"),
    ({"captured_at": "2026-09-01T07:45:12"}, "/captured_at"),
    ({"captured_at": "2026-09-01"}, "/captured_at"),
    ({"captured_at": "2026-13-01T07:45:12Z"}, "/captured_at"),
    ({"captured_at": 1}, "/captured_at"),
    ({"captured_at": "0001-01-01T00:00:00+14:00"}, "/captured_at"),
    ({"device_at": "noon"}, "/device_at"),
    ({"private": None}, "/private"),
    ({"private": []}, "/private"),
    ({"private": {"x": 1}}, "/private/x"),
    ({"private": {"narrative": LONG}}, "/private/narrative"),
    ({"private": {"narrative": "a\tb"}}, "/private/narrative"),
    ({"private": {"narrative": "a\u0085b"}}, "/private/narrative"),
    ({"private": {"narrative": None}}, "/private/narrative"),
    ({"private": {"persons": ["A"]}}, "/private/persons"),
    ({"code": "A03", "private": {"persons": "A"}}, "/private/persons"),
    ({"code": "A03", "private": {"persons": [1]}}, "/private/persons/0"),
    ({"photos": {}}, "/photos"),
    ({"photos": [{"sha256": "x", "bytes": 1, "type": "image/jpeg"}]}, "/photos/0/sha256"),
    ({"photos": [{"sha256": "0" * 64, "bytes": 10_000_001, "type": "image/jpeg"}]}, "/photos/0/bytes"),
    ({"photos": [{"sha256": "0" * 64, "bytes": 5, "type": "image/png"}]}, "/photos/0/type"),
    ({"photos": None}, "/photos"),
    ({"device": None}, "/device"),
    ({"device": {"id": 1}}, "/device/id"),
    ({"device": {"id": "x"}}, "/device/n"),
]


async def test_every_fault_of_a_finding_is_named(intake, inspection):
    for changes, pointer in FINDING_FAULTS:
        body = edited(recording(inspection), **changes)
        await refused(intake, "inspector", f"findings/{fresh()}", body, 422, "invalid", pointer)
    for body in ([], "x", 1, None, True):
        await refused(intake, "inspector", f"findings/{fresh()}", body, 422, "invalid")


CLOSING_FAULTS = [
    *[({name: "-"}, f"/{name}") for name in closing() if name != "private"],
    ({"assigned": 46}, "/assigned"),
    ({"late": 44}, "/late"),
    ({"present": True}, "/present"),
    ({"signed": 1}, "/signed"),
    ({"excused": {"holiday": 1}}, "/excused/holiday"),
    ({"excused": {"leave": -1}}, "/excused/leave"),
    ({"excused": None}, "/excused"),
    ({"private": {"opinion": LONG}}, "/private/opinion"),
    ({"closed_at": "2026-09-01T07:29:59+07:00"}, "/closed_at"),
    ({"closed_at": "2026-09-01T08:05:01+07:00"}, "/closed_at"),
    ({"files_checked": "0"}, "/files_checked"),
]


async def test_every_fault_of_a_closing_is_named(intake, inspection):
    for changes, pointer in CLOSING_FAULTS:
        path = f"inspections/{inspection}/closing/{fresh()}"
        await refused(intake, "inspector", path, edited(closing(), **changes), 422, "invalid", pointer)


OPENING_FAULTS = [
    *[({name: "-"}, f"/{name}") for name in opening()],
    ({"unit": "xa-khong-co"}, "/unit"),
    ({"unit": "X"}, "/unit"),
    ({"kind": "surprise"}, "/kind"),
    ({"selection": "targeted"}, "/selection"),
    ({"basis": "theo chỉ đạo của lãnh đạo"}, "/basis"),
    ({"basis": ""}, "/basis"),
    *[
        ({"basis": basis}, "/basis")
        for basis in (
            "Ông Nguyễn Văn A 0912345678",
            "0912345678",
            "+84.912-345.678",
            "NguyenVanA-0912345678",
            "001099012345",
            "12\u200b/QĐ-SNV",
            "12\u200d/QĐ",
            "12/Q\u0414-SNV",
            "\u0661\u0662/QĐ-SNV",
            "12/QĐ–SNV",
        )
    ],
    ({"team": ["nobody-here"]}, "/team/0"),
    ({"team": "colleague"}, "/team"),
    ({"opened_at": "2026-09-01T08:05:01+07:00"}, "/opened_at"),
    ({"opened_at": "2025-08-01T08:00:00+07:00"}, "/opened_at"),
    ({"opened_at": "2025-06-30T08:00:00+07:00"}, "/unit"),
]


async def test_every_fault_of_an_opening_is_named(intake):
    for changes, pointer in OPENING_FAULTS:
        body = edited(opening(), **changes)
        await refused(intake, "inspector", f"inspections/{fresh()}", body, 422, "invalid", pointer)


# nothing to be seen, hidden, turned round, or another script's letter that looks like ours
NO_NAMES = (
    "\u200b", "\u200b\u200d\ufeff", "\u202e", "\u2066\u2069", "\u00a0", "\u3164", "\u2800", "\ufe0f", "\u034f",
    "...", "12",
    "UBND xã\u200b Tân Hòa", "UBND xã \u202eaòH nâT", "\u2066UBND xã Tân Hòa\u2069", "UBND xã Tân Hòa\u00ad",
    "UBND x\u0430 Tân Hòa", "\uff35\uff22\uff2e\uff24 xã", "UBND  xã Tân Hòa", "UBND\u00a0xã Tân Hòa", "UBND\u2028xã",
    "Trạm Y tế, gọi 0912 345 678", "UBND xã 079.080.001234 của ông A",
    "UBND xã Tân Hòa \U000e0041", "UBND xã \ue000", "UBND xã Tân Hòa \u0661",
)  # fmt: skip
WORDS_FOR_A_NUMBER = (
    "Ông Nguyễn Văn A, 0912345678", "Nguyễn Văn A", "0912345678", "NQ 0912345678", "NQ 202/2025/QH15 của Quốc hội",
    "\u200b", "NQ\u200b 202/2025/QH15", "NQ \u202e202", "theo đơn 12", "NQ", "+84 912 345 678",
)  # fmt: skip


def succession(**changes):
    return {
        "change": "succeed", "kind": "merge", "from": [UNIT], "to": ["xa-phu-lam"], "valid_from": "2026-01-01",
        "basis": "NQ 202/2025/QH15",
    } | changes  # fmt: skip


UNIT_FAULTS = [
    (register("latest"), "/unit"),  # scorecards have it in an address
    *[(register("xa-moi", name=name), "/name") for name in NO_NAMES],
    *[({"change": "amend", "unit": UNIT, "valid_from": "2026-01-01", "name": name}, "/name") for name in NO_NAMES],
    *[(succession(basis=basis), "/basis") for basis in WORDS_FOR_A_NUMBER],
    (succession(to=[UNIT]), "/to/0"),
    (succession(kind="rename", to=[UNIT]), "/to/0"),
    (succession(kind="move", to=[UNIT]), "/to/0"),
    (succession(kind="move", **{"from": [UNIT, "xa-phu-lam"]}), "/to/0"),
    (succession(kind="split", to=[UNIT], cases_to=UNIT), "/to/0"),
    (succession(**{"from": [UNIT, UNIT]}), "/from"),
    (succession(kind="split", to=["xa-phu-lam", "xa-phu-lam"], cases_to="xa-phu-lam"), "/to"),
    (register("xa-moi", parent="xa-moi"), "/parent"),
    *[(edited(register("xa-moi"), **{name: "-"}), f"/{name}") for name in register()],
    (register("xa-moi", parent="xa-khong-co"), "/parent"),
    (register("XA"), "/unit"),
    (register("-xa"), "/unit"),
    (register("xa"), "/unit"),
    (register("xa-moi", group="huyen"), "/group"),
    (register("xa-moi", staff=1.0), "/staff"),
    (register("xa-moi", name=" x"), "/name"),
    (register("xa-moi", name="x\ny"), "/name"),
    (register("xa-moi", valid_from="2025-7-1"), "/valid_from"),
    (register("xa-moi", parent=UNIT, valid_from="2020-01-01"), "/parent"),
    ({}, "/change"),
    ({"change": "delete"}, "/change"),
    ({"change": "amend", "unit": UNIT, "valid_from": "2026-01-01"}, ""),
    ({"change": "amend", "unit": "xa-khong-co", "valid_from": "2026-01-01", "staff": 3}, "/unit"),
    ({"change": "amend", "unit": UNIT, "valid_from": "2024-01-01", "staff": 3}, "/valid_from"),
    ({"change": "amend", "unit": "ubnd-tinh", "valid_from": "2026-01-01", "parent": UNIT}, "/parent"),
    ({"change": "close", "unit": UNIT, "valid_to": "2025-01-01"}, "/valid_to"),
    (
        {
            "change": "succeed",
            "kind": "split",
            "from": [UNIT],
            "to": ["xa-phu-lam", "ubnd-tinh"],
            "valid_from": "2026-01-01",
            "basis": "1",
        },
        "/cases_to",
    ),
    (
        {
            "change": "succeed",
            "kind": "merge",
            "from": [UNIT],
            "to": ["xa-khong-co"],
            "valid_from": "2026-01-01",
            "basis": "1",
        },
        "/to/0",
    ),
    (
        {
            "change": "succeed",
            "kind": "merge",
            "from": [],
            "to": ["xa-phu-lam"],
            "valid_from": "2026-01-01",
            "basis": "1",
        },
        "/from",
    ),
]


async def test_every_fault_of_a_unit_change_is_named(intake):
    for body, pointer in UNIT_FAULTS:
        await refused(intake, "admin", f"unit-changes/{fresh()}", body, 422, "invalid", pointer)
    await refused(intake, "admin", f"unit-changes/{fresh()}", register(UNIT), 409, "already-registered")


@pytest.mark.parametrize("basis", ["NQ 202/2025/QH15", "Nghị quyết số 202/2025/QH15", "1656/NQ-UBTVQH15", "QĐ 12/2026"])
async def test_a_succession_names_the_document_it_follows(intake, basis):
    await intake.put("admin", f"unit-changes/{fresh()}", succession(basis=basis), 201)


@pytest.mark.parametrize(
    "name",
    [
        "UBND xã Tân Hòa",
        "Sở Nội vụ",
        "UBND xã Ea M’Đrăk",
        "Trường THPT số 2 (cơ sở 1)",
        "Buôn Hra\u0306 Êa H'\u01af\u0306",
    ],
)
async def test_the_names_that_units_have_are_taken(intake, name):
    await intake.put("admin", f"unit-changes/{fresh()}", register("xa-moi", name=name), 201)


async def test_units_may_pass_into_one_of_them_and_be_split_from_one_that_stays(intake):
    await intake.put("admin", f"unit-changes/{fresh()}", register("xa-moi", parent="ubnd-tinh"), 201)
    split = succession(kind="split", to=[UNIT, "xa-moi"], cases_to=UNIT)
    await intake.put("admin", f"unit-changes/{fresh()}", split, 201)
    merge = succession(to=[UNIT], **{"from": [UNIT, "xa-phu-lam"]})
    await intake.put("admin", f"unit-changes/{fresh()}", merge, 201)


async def test_a_succession_never_runs_in_a_circle(intake):
    later = succession(valid_from="2026-06-01")
    await intake.put("admin", f"unit-changes/{fresh()}", later, 201)
    back = succession(to=[UNIT], valid_from="2026-03-01", **{"from": ["xa-phu-lam"]})
    await refused(intake, "admin", f"unit-changes/{fresh()}", back, 422, "invalid", "/to/0")


async def test_a_reason_may_not_be_missing(intake, inspection):
    finding = fresh()
    await intake.put("inspector", f"findings/{finding}", recording(inspection))
    for private in ("-", {}, {"reason": ""}, {"reason": " \n "}, {"reason": "\u200b\u2060"}):
        for who, noun, body in (("inspector", "withdrawal", {}), ("reviewer", "decision", {"outcome": "unfounded"})):
            path = f"findings/{finding}/{noun}/{fresh()}"
            await refused(intake, who, path, edited(body, private=private), 422, "invalid", "/private/reason")


async def test_ids_in_paths_are_uuid7_in_lower_case(intake, inspection):
    for bad in ("x", "1", str(fresh()).upper(), "0190f3c8-0000-4000-8000-000000000000", fresh() + "0", "%20"):
        await refused(intake, "inspector", f"findings/{bad}", recording(inspection), 422, "invalid", "/id")
        await refused(intake, "inspector", f"inspections/{bad}", opening(), 422, "invalid", "/id")
        await refused(
            intake, "inspector", f"inspections/{bad}/closing/{fresh()}", closing(), 422, "invalid", "/inspection"
        )
    for quarter in ("2026-Q5", "2026", "q", "1999-Q1"):
        path = f"quarters/{quarter}/closing/{fresh()}"
        await refused(intake, "reviewer", path, {"edition": "flash"}, 422, "invalid", "/quarter")


async def test_what_no_database_takes_is_refused_before_it_gets_there(intake, inspection, caplog):
    for who, status, slug in (("nonsense", 401, "unauthorized"), ("reviewer", 422, "invalid")):
        for quarter in ("%00", "20%E0%A5%A8%E0%A5%AC-Q3"):
            path = f"quarters/{quarter}/closing/{fresh()}"
            await refused(intake, who, path, {"edition": "flash"}, status, slug)
    device = {"id": fresh(), "n": 1, "nonce": "A" * 24, "sig": ""}
    for prev in ("\0", "Ông A", "x" * 201):
        body = recording(inspection) | {"device": device | {"prev": prev}}
        await refused(intake, "inspector", f"findings/{fresh()}", body, 422, "invalid", "/device/prev")
    for account in ("\0", "Ông A", "a" * 95):
        answer = await intake.client.post("/intake/login", json={"account": account, "password": "x"})
        assert (answer.status_code, answer.json()["type"]) == (401, "/problems/wrong-password")
    assert "a batch of" not in caplog.text  # nobody else's writes were rolled back


async def test_a_refused_change_of_the_tree_makes_nobody_read_it_anew(intake):
    version = await intake.service.pool.fetchval("SELECT version FROM intake.directory")
    for who in ("nobody", "inspector", "admin"):
        await intake.put(who, f"unit-changes/{fresh()}", {}, None)
    assert await intake.service.pool.fetchval("SELECT version FROM intake.directory") == version
    await intake.put("admin", f"unit-changes/{fresh()}", register("xa-moi"))
    assert await intake.service.pool.fetchval("SELECT version FROM intake.directory") == version + 1


async def test_unknown_is_not_yet_known_and_out_of_scope_is_404(intake, inspection):
    finding = fresh()
    await intake.put("inspector", f"findings/{finding}", recording(inspection))
    await refused(intake, "inspector", f"findings/{fresh()}", recording(fresh()), 409, "not-yet-known")
    await refused(intake, "inspector", f"inspections/{fresh()}/closing/{fresh()}", closing(), 409, "not-yet-known")
    reply = {"accepts": True, "private": {"text": "Vâng."}}
    await refused(intake, "head", f"findings/{fresh()}/reply/{fresh()}", reply, 409, "not-yet-known")
    await refused(intake, "elsewhere", f"findings/{fresh()}", recording(inspection), 404, "not-found")
    await refused(intake, "elsewhere", f"inspections/{inspection}/closing/{fresh()}", closing(), 404, "not-found")
    await refused(intake, "elsewhere", f"inspections/{fresh()}", opening(), 404, "not-found")
    await refused(intake, "other-head", f"findings/{finding}/reply/{fresh()}", reply, 404, "not-found")


async def test_team_opener_own_unit_and_reviewer_are_403(intake, inspection):
    finding = fresh()
    await intake.put("inspector", f"findings/{finding}", recording(inspection))
    reason = {"private": {"reason": "Nhầm."}}
    await refused(intake, "colleague", f"findings/{fresh()}", recording(inspection), 403, "forbidden")
    await refused(intake, "colleague", f"inspections/{inspection}/closing/{fresh()}", closing(), 403, "forbidden")
    await refused(intake, "colleague", f"findings/{finding}/withdrawal/{fresh()}", reason, 403, "forbidden")
    await refused(intake, "parent-head", f"findings/{finding}/reply/{fresh()}", {"accepts": True}, 403, "forbidden")
    await intake.token("reviewer", account="inspector", key="judge")
    decision = {"outcome": "unfounded", **reason}
    await refused(intake, "judge", f"findings/{finding}/decision/{fresh()}", decision, 403, "forbidden")


async def test_nouns_that_are_none_answer_404_and_other_methods_405(intake, inspection):
    one, two = fresh(), fresh()
    for path in (
        f"inspections/{inspection}/undoing/{one}",
        f"quarters/2026-Q3/undoing/{one}",
        f"nonsense/{one}",
        f"findings/{one}/nonsense/{two}",
    ):
        await refused(intake, "lead", path, {}, 404, "not-found")
    for method in ("POST", "DELETE", "PATCH"):
        answer = await intake.client.request(method, f"/intake/v1/findings/{one}", json={})
        assert answer.status_code == 405 and answer.json()["type"] == "/problems/method-not-allowed"


async def test_words_follow_the_language_and_slugs_do_not(intake, inspection):
    path, body = f"findings/{fresh()}", recording(inspection, count=0)
    vietnamese = await refused(intake, "inspector", path, body, 422, "invalid")
    english = await refused(intake, "inspector", path, body, 422, "invalid", **{"accept-language": "en"})
    assert vietnamese["title"] != english["title"]
    assert vietnamese["errors"][0]["detail"] != english["errors"][0]["detail"]


async def test_the_order_of_refusals(intake, inspection):
    """Each write is wrong in every later way too; the first way is told."""
    finding = fresh()
    await intake.put("inspector", f"findings/{finding}", recording(inspection))
    wrong = recording(inspection, count=0)
    # a known id of the same account comes before role and shape
    await intake.token("admin", account="inspector", key="inspector-as-admin")
    await refused(intake, "inspector-as-admin", f"findings/{finding}", wrong, 409, "id-reused")
    await refused(intake, "inspector", f"findings/{finding}", wrong, 409, "id-reused")
    # of another account: role, shape, scope, team, and only then the id
    await refused(intake, "head", f"findings/{finding}", wrong, 403, "forbidden")
    await refused(intake, "lead", f"findings/{finding}", wrong, 422, "invalid", "/count")
    await refused(intake, "lead", f"findings/{finding}", recording(fresh()), 409, "not-yet-known")
    await refused(intake, "elsewhere", f"findings/{finding}", recording(inspection), 404, "not-found")
    await refused(intake, "colleague", f"findings/{finding}", recording(inspection), 403, "forbidden")
    late = recording(inspection, captured_at="2026-09-01T09:00:00+07:00")
    await refused(intake, "lead", f"findings/{finding}", late, 409, "id-reused")
    await refused(intake, "lead", f"findings/{fresh()}", late, 422, "invalid", "/captured_at")


async def test_a_refused_write_does_not_use_up_its_id(intake, inspection):
    finding = fresh()
    await refused(intake, "inspector", f"findings/{finding}", recording(inspection, count=0), 422, "invalid")
    await intake.put("inspector", f"findings/{finding}", recording(inspection))


async def test_a_problem_never_repeats_what_was_sent(intake, inspection):
    body = recording(inspection, private={"narrative": "CANARY\u0007"}, code="CANARY")
    problem = await refused(intake, "inspector", f"findings/{fresh()}", body, 422, "invalid")
    assert "CANARY" not in json.dumps(problem)
