"""Private parts are erased by two people; what is left proves everything but the words, and tells no guess."""

import asyncio
import base64
import hashlib
from datetime import UTC, datetime

import asyncpg
import pytest
import pytest_asyncio

from services.intake.vault.sealing import Sealed, commitment
from services.kernel.process.clock import SystemClock
from services.kernel.quarters import local_date, quarter_of
from tests.support.case_world import now
from tests.support.checklog import check_entries, read_log
from tests.support.house import open_house
from tests.support.intake import (
    NOW,
    UNIT,
    Intake,
    closing,
    fresh,
    opening,
    populate,
    recording,
    register,
    running_intake,
)
from tests.support.people import issue_tokens
from tests.support.photos import jpeg, listed, scene
from tests.support.receipts import documented_check
from tests.support.schemas import validate_event

WORDS, PERSON = "Vắng mặt từ 7 giờ 30, bàn trống", "Nguyễn Văn Ví Dụ"
PRIVATE = {"narrative": WORDS, "persons": [PERSON]}
WHY = {"private": {"reason": "Ghi nhầm người."}}
PHOTOS = [{"sha256": n * 64, "bytes": 1000, "type": "image/jpeg"} for n in "ab"]


def asking(event, *parts):
    return {"event": event, "parts": list(parts or ("narrative", "persons")), **WHY}


@pytest_asyncio.fixture
async def intake(settings):
    async with running_intake(settings) as intake:
        yield await populate(intake)


@pytest_asyncio.fixture
async def case(intake):
    """An inspection, a finding with private parts and photos, and the body it was filed with."""
    inspection, finding = fresh(), fresh()
    body = recording(inspection, code="A03", private=PRIVATE, photos=PHOTOS)
    await intake.put("inspector", f"inspections/{inspection}", opening())
    await intake.put("inspector", f"findings/{finding}", body)
    return inspection, finding, body


async def erase(intake: Intake, event: str, *parts: str) -> dict:
    """Ask and approve; the approval's answer."""
    erasure = fresh()
    await intake.put("reviewer", f"erasures/{erasure}", asking(event, *parts))
    return (await intake.put("auditor", f"erasures/{erasure}/approval/{fresh()}", {})).json()


async def problem(intake, who, path, body, status):
    answer = (await intake.put(who, path, body, status)).json()
    return answer["type"].removeprefix("/problems/"), answer


async def test_a_request_changes_nothing_and_is_no_event(intake, case):
    _, finding, _ = case
    before, events = await intake.rows(), await intake.event_bytes()
    erasure = fresh()
    answer = (await intake.put("reviewer", f"erasures/{erasure}", asking(finding))).json()
    assert answer == {
        "id": erasure, "unit": UNIT, "state": "requested", "received_at": answer["received_at"], "flags": [],
        "erasure": erasure, "parts": ["narrative", "persons"],
    }  # fmt: skip
    after = await intake.rows()
    sealed_reason = {"intake.write": before["intake.write"] + 1, "intake.vault_part": before["intake.vault_part"] + 1}
    assert after == before | sealed_reason
    assert await intake.event_bytes() == events
    assert (await intake.get("reviewer", f"/intake/v1/findings/{finding}"))["private"] == PRIVATE


async def test_an_approval_erases_and_tells_the_log_in_its_own_name(intake, case):
    _, finding, _ = case
    erasure, approval = fresh(), fresh()
    await intake.put("reviewer", f"erasures/{erasure}", asking(finding, "persons", "narrative"))
    answer = (await intake.put("auditor", f"erasures/{erasure}/approval/{approval}", {})).json()
    raw = base64.b64decode(answer["event"])
    event = validate_event(raw)
    assert (answer["state"], answer["receipt"]) == ("erased", f"/audit/v1/receipts/{approval}")
    assert (event["id"], event["unit"], event["subject"]) == (approval, UNIT, f"part/{finding}")
    assert event["data"]["event"] == finding and event["data"]["parts"] == ["narrative", "persons"]
    assert event["data"]["by"]["role"] == "auditor"
    assert (await intake.event_bytes())[-1] == raw
    shown = await intake.get("reviewer", f"/intake/v1/findings/{finding}")
    gone = answer["received_at"]
    assert shown["private"] == {
        "narrative": None, "persons": None, "erased": {"narrative": gone, "persons": gone},
    }  # fmt: skip


async def test_a_refusal_leaves_the_parts_and_makes_way_for_another_request(intake, case):
    _, finding, _ = case
    erasure, refusal = fresh(), fresh()
    await intake.put("reviewer", f"erasures/{erasure}", asking(finding, "narrative"))
    sent = {"private": {"reason": "Còn là chứng cứ."}}
    events = await intake.event_bytes()
    answer = (await intake.put("auditor", f"erasures/{erasure}/refusal/{refusal}", sent)).json()
    assert answer["state"] == "refused" and not answer.keys() & {"event", "receipt", "unit_seq"}
    assert await intake.event_bytes() == events
    assert (await intake.get("reviewer", f"/intake/v1/findings/{finding}"))["private"] == PRIVATE
    for settle, body in (("approval", {}), ("refusal", WHY)):
        slug, _ = await problem(intake, "auditor", f"erasures/{erasure}/{settle}/{fresh()}", body, 409)
        assert slug == "wrong-state"
    await erase(intake, finding, "narrative")


async def test_what_cannot_be_asked_for(intake, case):
    inspection, finding, _ = case
    ask = f"erasures/{fresh()}"
    for unknown in (fresh(), inspection[:-1] + ("0" if inspection[-1] != "0" else "1")):
        assert (await problem(intake, "reviewer", ask, asking(unknown), 404))[0] == "not-found"
    for body, pointers in (
        (asking(finding, "narrative", "opinion", "photo.3"), ["/parts/1", "/parts/2"]),
        (asking(inspection, "narrative"), ["/parts/0"]),
        (asking(finding, "salt"), ["/parts/0"]),
        (asking(finding, "narrative", "narrative"), ["/parts"]),
        (asking(finding) | {"parts": []}, ["/parts"]),
        (asking("x"), ["/event"]),
        ({"event": finding, "parts": ["narrative"]}, ["/private/reason"]),
    ):
        _, answer = await problem(intake, "reviewer", ask, body, 422)
        assert [error["pointer"] for error in answer["errors"]] == pointers
    await intake.put("reviewer", ask, asking(finding, "narrative"))  # no refusal used the id up
    slug, answer = await problem(intake, "reviewer", f"erasures/{fresh()}", asking(finding), 409)
    assert slug == "wrong-state" and "đang chờ duyệt" in answer["detail"]
    own = ask.removeprefix("erasures/")
    assert (await problem(intake, "reviewer", f"erasures/{fresh()}", asking(own, "reason"), 404))[0] == "not-found"


async def test_what_is_erased_is_erased_once(intake, case):
    _, finding, _ = case
    erasure = fresh()
    await intake.put("reviewer", f"erasures/{erasure}", asking(finding, "narrative"))
    await intake.put("auditor", f"erasures/{erasure}/approval/{fresh()}", {})
    for settle, body in (("approval", {}), ("refusal", WHY)):
        slug, _ = await problem(intake, "auditor", f"erasures/{erasure}/{settle}/{fresh()}", body, 409)
        assert slug == "already-erased"
    slug, _ = await problem(intake, "reviewer", f"erasures/{fresh()}", asking(finding), 409)
    assert slug == "already-erased"
    await erase(intake, finding, "persons")


async def test_it_takes_two_roles_and_two_people(intake, case):
    _, finding, _ = case
    await intake.token("reviewer", account="both", key="both/reviewer")
    await intake.token("auditor", account="both", key="both/auditor")
    erasure = fresh()
    for who in ("inspector", "lead", "head", "auditor", "admin"):
        await intake.put(who, f"erasures/{erasure}", asking(finding), 403)
    await intake.put("both/reviewer", f"erasures/{erasure}", asking(finding))
    for settle, body in (("approval", {}), ("refusal", WHY)):
        for who in ("reviewer", "inspector", "head", "admin", "both/reviewer"):
            await intake.put(who, f"erasures/{erasure}/{settle}/{fresh()}", body, 403)
        _, answer = await problem(intake, "both/auditor", f"erasures/{erasure}/{settle}/{fresh()}", body, 403)
        assert "người thứ hai" in answer["detail"]
        await intake.put("auditor", f"erasures/{fresh()}/{settle}/{fresh()}", body, 404)
    await intake.put("auditor", f"erasures/{erasure}/approval/{fresh()}", {})


async def test_a_reviewer_or_auditor_of_one_unit_reaches_no_other(intake, case):
    _, finding, _ = case
    for role in ("reviewer", "auditor"):
        await intake.token(role, UNIT, key=f"{role} here")
        await intake.token(role, "xa-phu-lam", key=f"{role} elsewhere")
    erasure = fresh()
    await intake.put("reviewer elsewhere", f"erasures/{erasure}", asking(finding), 404)
    await intake.put("reviewer here", f"erasures/{erasure}", asking(finding))
    assert (await intake.get("auditor elsewhere", "/intake/v1/erasures"))["items"] == []
    assert len((await intake.get("auditor here", "/intake/v1/erasures"))["items"]) == 1
    await intake.put("auditor elsewhere", f"erasures/{erasure}/approval/{fresh()}", {}, 404)
    await intake.put("auditor here", f"erasures/{erasure}/approval/{fresh()}", {})


async def test_every_write_of_it_is_idempotent(intake, case):
    _, finding, _ = case
    erasure, approval, refused, refusal = fresh(), fresh(), fresh(), fresh()
    steps = (
        ("reviewer", f"erasures/{erasure}", asking(finding, "narrative"), {"parts": ["persons"]}),
        ("auditor", f"erasures/{erasure}/approval/{approval}", {}, None),
        ("reviewer", f"erasures/{refused}", asking(finding, "persons"), {"private": {"reason": "Khác."}}),
        ("auditor", f"erasures/{refused}/refusal/{refusal}", WHY, {"private": {"reason": "Khác."}}),
    )
    first = [await intake.put(who, path, body) for who, path, body, _ in steps]
    for (who, path, body, change), answer in zip(steps, first, strict=True):
        again = await intake.put(who, path, body, 200)
        assert again.content == answer.content
        if change is not None:
            await intake.put(who, path, body | change, 409)
    other = (await problem(intake, "auditor", f"erasures/{refused}/approval/{approval}", {}, 409))[0]
    assert other == "id-reused"
    await intake.token("auditor", account="another", key="another")
    assert (await problem(intake, "another", f"erasures/{refused}/approval/{approval}", {}, 409))[0] == "id-reused"


async def test_a_replay_of_the_erased_write_tells_a_right_guess_from_no_wrong_one(intake, case):
    inspection, finding, body = case
    path = f"findings/{finding}"
    first = await intake.put("inspector", path, body, 200)
    await intake.put("inspector", path, body | {"private": PRIVATE | {"narrative": "Khác"}}, 409)
    await erase(intake, finding, "narrative", "photo.1")
    other_photo = [PHOTOS[0] | {"sha256": "c" * 64}, PHOTOS[1]]
    for change in (
        {},
        {"private": PRIVATE | {"narrative": "Khác"}},
        {"photos": other_photo},
    ):
        again = await intake.put("inspector", path, body | change, 200)
        assert again.content == first.content
    for change in (
        {"count": 2},  # what can still be compared is
        {"private": PRIVATE | {"persons": ["Người khác"]}},
        {"private": {"persons": [PERSON]}},  # the log itself says that there was a narrative
        {"photos": [PHOTOS[0], PHOTOS[1] | {"sha256": "c" * 64}]},
        {"photos": [PHOTOS[0] | {"bytes": 999}, PHOTOS[1]]},
        {"inspection": fresh()},
    ):
        assert (await problem(intake, "inspector", path, body | change, 409))[0] == "id-reused"
    assert inspection in first.text


async def test_each_answer_to_a_finding_and_the_minutes_can_be_erased(intake, case):
    inspection, finding, _ = case
    closed, reply, decision = fresh(), fresh(), fresh()
    await intake.put("inspector", f"inspections/{inspection}/closing/{closed}", closing())
    await intake.put("head", f"findings/{finding}/reply/{reply}", {"accepts": False, "private": {"text": "Có phép."}})
    await intake.put("reviewer", f"findings/{finding}/decision/{decision}", {"outcome": "excused", **WHY})
    shown = await intake.get("head", f"/intake/v1/findings/{finding}")
    assert shown["answers"] == {"reply": reply, "decision": decision}
    assert (await intake.get("head", f"/intake/v1/inspections/{inspection}"))["closing"] == closed
    for event, part in ((reply, "text"), (decision, "reason"), (closed, "opinion")):
        await erase(intake, event, part)
    when = (await intake.get("head", f"/intake/v1/inspections/{inspection}"))["private"].pop("erased")["opinion"]
    private = (await intake.get("head", f"/intake/v1/findings/{finding}"))["private"]
    assert private["reply"] == {"text": None, "erased": {"text": when}}
    assert private["decision"] == {"reason": None, "erased": {"reason": when}}
    assert private["narrative"] == WORDS


async def test_the_list_for_those_who_ask_and_those_who_settle(intake, case):
    _, finding, _ = case
    made = [fresh() for _ in range(3)]
    for erasure, part in zip(made, ("narrative", "persons", "photo.2"), strict=True):
        await intake.put("reviewer", f"erasures/{erasure}", asking(finding, part))
    await intake.put("auditor", f"erasures/{made[0]}/approval/{fresh()}", {})
    await intake.put("auditor", f"erasures/{made[1]}/refusal/{fresh()}", {"private": {"reason": "Còn cần."}})
    for who in ("reviewer", "auditor"):
        (waiting,) = (await intake.get(who, "/intake/v1/erasures?state=requested"))["items"]
        assert waiting["about"] == {
            "type": "kycuong.finding.recorded.v1", "subject": f"finding/{finding}", "time": waiting["about"]["time"],
        }  # fmt: skip
        assert (waiting["id"], waiting["event"], waiting["parts"]) == (made[2], finding, ["photo.2"])
        assert waiting["unit_name"] == f"Đơn vị {UNIT}" and waiting["settled_at"] is None
        assert waiting["private"] == WHY["private"]
    page = await intake.get("auditor", "/intake/v1/erasures?limit=2")
    rest = await intake.get("auditor", f"/intake/v1/erasures?limit=2&cursor={page['next']}")
    items = page["items"] + rest["items"]
    assert [(item["id"], item["state"]) for item in items] == [
        (made[2], "requested"), (made[1], "refused"), (made[0], "erased"),
    ]  # fmt: skip
    assert items[1]["private"] == WHY["private"] | {"refusal": {"reason": "Còn cần."}}
    for asked, found in ((f"đơn {UNIT}", 3), ("Reviewer", 3), ("nowhere", 0), ("reviewer nowhere", 0)):
        assert len((await intake.get("auditor", f"/intake/v1/erasures?q={asked}"))["items"]) == found, asked
    for who in ("inspector", "lead", "head", "admin"):
        await intake.get(who, "/intake/v1/erasures", 403)
    await intake.get("nobody", "/intake/v1/erasures", 401)


async def test_it_works_in_a_batch_also_of_what_the_batch_itself_brings(intake, case):
    inspection, _, _ = case
    finding, erasure, body = fresh(), fresh(), recording(inspection, code="A03", private={"narrative": WORDS})
    filed, refused = await intake.batch("inspector", [(f"findings/{finding}", body), (f"erasures/{erasure}", {})])
    assert (filed["status"], refused["status"]) == (201, 403)
    lines = [
        (f"erasures/{erasure}", asking(finding, "narrative")),
        (f"erasures/{erasure}", asking(finding, "narrative")),
        (f"erasures/{fresh()}", asking(finding, "narrative")),
        (f"erasures/{erasure}/approval/{fresh()}", {}),
    ]
    assert [line["status"] for line in await intake.batch("reviewer", lines)] == [201, 200, 409, 403]
    approval = fresh()
    lines = [(f"erasures/{erasure}/approval/{approval}", {})] * 2 + [(f"erasures/{erasure}/approval/{fresh()}", {})]
    answers = await intake.batch("auditor", lines)
    assert [line["status"] for line in answers] == [201, 200, 409]
    assert answers[0]["body"] == answers[1]["body"] and answers[0]["body"]["state"] == "erased"
    assert (await intake.get("reviewer", f"/intake/v1/findings/{finding}"))["private"]["narrative"] is None


async def test_one_group_commit_may_hold_a_finding_its_erasure_and_everybodys_repeats(intake, case):
    inspection, _, _ = case
    finding, erasure, approval = fresh(), fresh(), fresh()
    body = recording(inspection, code="A03", private={"narrative": WORDS})
    steps = [
        ("inspector", [(f"findings/{finding}", body)]),
        ("reviewer", [(f"erasures/{erasure}", asking(finding, "narrative"))]),
        ("auditor", [(f"erasures/{erasure}/approval/{approval}", {})]),
        ("inspector", [(f"findings/{finding}", body | {"private": {"narrative": "Đoán"}})]),
    ]
    answers = await asyncio.gather(*(intake.batch(who, lines) for who, lines in steps))
    # whether they met in one batch or came apart, each got an answer that fits an order of them
    assert answers[0][0]["status"] == 201
    for (who, lines), _ in zip(steps[1:3], answers[1:3], strict=True):
        assert (await intake.batch(who, lines))[0]["status"] in (200, 201)
    assert (await intake.get("reviewer", f"/intake/v1/findings/{finding}"))["private"]["narrative"] is None


async def test_two_approvals_at_once_erase_once(intake, case):
    _, finding, _ = case
    await intake.token("auditor", account="another", key="another")
    for _ in range(5):
        erasure = fresh()
        await intake.put("reviewer", f"erasures/{erasure}", asking(finding, "persons"), None)
        answers = await asyncio.gather(*(
            intake.put(who, f"erasures/{erasure}/approval/{fresh()}", {}, None) for who in ("auditor", "another")
        ))  # fmt: skip
        assert sorted(answer.status_code for answer in answers) in ([201, 409], [404, 404])
    erased = [event for event in await intake.events() if event["type"] == "kycuong.part.erased.v1"]
    assert [event["data"]["parts"] for event in erased] == [["persons"]]


async def dump(settings) -> bytes:
    """Every value of every table of the database, as its administrator reads them; bytes as they are."""
    connection = await asyncpg.connect(settings.database_url)
    try:
        tables = await connection.fetch(
            "SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables"
            " WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
        )
        rows = [row for table in tables for row in await connection.fetch(f"SELECT * FROM {table['name']}")]
    finally:
        await connection.close()
    values = [value for row in rows for value in row.values()]
    return b"\n".join(
        bytes(value) if isinstance(value, bytes | memoryview) else str(value).encode() for value in values
    )


async def test_nothing_of_an_erased_part_is_left_in_the_database(intake, case, settings):
    _, finding, body = case
    pool = intake.service.pool
    rows = await pool.fetch("SELECT event_id::text, grp, wrapped_key, sealed FROM intake.vault_part")
    parts = {row["grp"]: Sealed(*row) for row in rows if row["event_id"] == finding}
    opened = {group: intake.service.vault.open(part) for group, part in parts.items()}
    before = await dump(settings)
    for group, part in parts.items():
        assert part.wrapped_key in before and part.sealed in before, group
    assert ("a" * 64).encode() in before  # the manifest
    await erase(intake, finding, "narrative", "persons", "photo.1")
    await intake.put("inspector", f"findings/{finding}", body, 200)
    left = await pool.fetch(
        "SELECT grp, wrapped_key, sealed, erased_at FROM intake.vault_part WHERE event_id = $1 ORDER BY grp", finding
    )
    assert [tuple(row)[:3] for row in left if row["grp"] != "photo.2"] == [
        (group, None, None) for group in ("narrative", "persons", "photo.1")
    ]
    assert {row["erased_at"] for row in left if row["grp"] != "photo.2"} == {NOW}
    after = await dump(settings)
    for group in ("narrative", "persons", "photo.1"):
        salt, content = opened[group]
        for trace in (salt, content, salt.hex().encode(), content.hex().encode(), base64.b64encode(content)):
            assert trace not in after, group
        assert parts[group].wrapped_key not in after and parts[group].sealed not in after
    for word in (WORDS, PERSON, "a" * 64):
        assert word.encode() not in after
    assert ("b" * 64).encode() in after and parts["photo.2"].sealed in after
    salt, content = opened["narrative"]
    (event,) = [event for event in await intake.events() if event["id"] == finding]
    assert event["data"]["commitments"]["narrative"] == commitment(salt, finding, "narrative", content).hex()


async def test_nothing_of_an_erased_photo_is_left_in_the_database(intake, settings):
    inspection, finding = fresh(), fresh()
    sent = [jpeg(scene(64 * size, 48 * size)) for size in (1, 2)]
    await intake.put("inspector", f"inspections/{inspection}", opening())
    body = recording(inspection, code="A03", photos=[listed(raw) for raw in sent])
    await intake.put("inspector", f"findings/{finding}", body)
    for place, raw in enumerate(sent, start=1):
        headers = {"content-type": "image/jpeg"}
        await intake.put("inspector", f"findings/{finding}/photos/{place}", raw, **headers)
    rows = await intake.service.pool.fetch("SELECT * FROM intake.vault_photo ORDER BY place")
    completed = (await intake.events())[-1]
    opened = [
        intake.service.vault.open(Sealed(completed["id"], f"photo.{row['place']}", row["wrapped_key"], row["sealed"]))
        for row in rows
    ]
    before = await dump(settings)
    assert all(row["sealed"] in before and row["wrapped_key"] in before for row in rows)
    await erase(intake, finding, "photo.1")
    after = await dump(settings)
    (gone, kept), (salt, image) = rows, opened[0]
    assert gone["sealed"] not in after and gone["wrapped_key"] not in after and kept["sealed"] in after
    for trace in (salt, image, sent[0], hashlib.sha256(sent[0]).digest(), hashlib.sha256(image).digest()):
        for form in (trace, trace.hex().encode(), base64.b64encode(trace)):
            assert form not in after
    told = completed["data"]["commitments"]["photo.1"]
    assert told == commitment(salt, completed["id"], "photo.1", image).hex()  # it stands, and nobody can open it


async def test_the_database_lets_a_part_be_erased_and_nothing_else(intake, case):
    _, finding, _ = case
    await erase(intake, finding, "narrative")
    part = f"FROM intake.vault_part WHERE event_id = '{finding}' AND grp"
    pool = intake.service.pool
    for statement, error in (
        (f"DELETE {part} = 'persons'", asyncpg.InsufficientPrivilegeError),
        ("UPDATE intake.vault_part SET grp = 'x'", asyncpg.InsufficientPrivilegeError),
        ("UPDATE intake.vault_part SET wrapped_key = 'x'", asyncpg.CheckViolationError),
        ("UPDATE intake.vault_part SET sealed = NULL WHERE erased_at IS NULL", asyncpg.CheckViolationError),
        ("UPDATE intake.vault_part SET erased_at = now() WHERE grp = 'persons'", asyncpg.CheckViolationError),
        ("UPDATE intake.vault_part SET erased_at = NULL WHERE grp = 'narrative'", asyncpg.CheckViolationError),
        ("DELETE FROM intake.erasure", asyncpg.InsufficientPrivilegeError),
        ("UPDATE intake.erasure SET requester = 'x'", asyncpg.InsufficientPrivilegeError),
        ("UPDATE intake.log_key SET vkey = 'x'", asyncpg.InsufficientPrivilegeError),
    ):
        with pytest.raises(error):
            await pool.execute(statement)
    stolen = (
        f"UPDATE intake.vault_part SET wrapped_key = 'k', sealed = 's', erased_at = NULL WHERE event_id = '{finding}'"
    )
    with pytest.raises(asyncpg.CheckViolationError, match="erased once"):
        await pool.execute(stolen + " AND grp = 'narrative'")


async def until(check, within=60.0):
    async with asyncio.timeout(within):
        while not (found := await check()):
            await asyncio.sleep(0.05)
    return found


async def test_log_proofs_and_card_stand_while_the_commitment_can_no_longer_be_opened(settings):
    """The three services, with a real log: what an erasure leaves."""
    async with open_house(settings, SystemClock()) as house:
        tokens = await issue_tokens(settings, ("admin",))
        async with house.client(tokens["admin"]) as admin:
            for unit in ("ubnd-tinh", UNIT):
                body = register(unit, parent=None if unit == "ubnd-tinh" else "ubnd-tinh")
                assert (await admin.put(f"/intake/v1/unit-changes/{fresh()}", json=body)).status_code == 201
        tokens |= await issue_tokens(settings, ("lead", "head", "reviewer", "auditor"))
        clients = {who: house.client(token) for who, token in tokens.items()}

        async def put(who, path, body):
            answer = await clients[who].put(f"/intake/v1/{path}", json=body)
            assert answer.status_code == 201, answer.text
            return answer.json()

        try:
            await _erased_after_scoring(house, clients, put, tokens["auditor"])
        finally:
            for client in clients.values():
                await client.aclose()


async def _erased_after_scoring(house, clients, put, token):
    inspection, finding, erasure = fresh(), fresh(), fresh()
    await put("lead", f"inspections/{inspection}", opening(opened_at=now(-3)))
    body = recording(inspection, code="A03", count=1, captured_at=now(-2), private=PRIVATE)
    filed = await put("lead", f"findings/{finding}", body)
    await put("lead", f"inspections/{inspection}/closing/{fresh()}", closing(closed_at=now(-1)))
    await put("head", f"findings/{finding}/reply/{fresh()}", {"accepts": False})
    decided = await put("reviewer", f"findings/{finding}/decision/{fresh()}", {"outcome": "upheld", **WHY})

    async def card(size):
        answer = await clients["reviewer"].get(f"/reports/v1/scorecards/{decided_quarter}/{UNIT}")
        return answer.json() if answer.status_code == 200 and answer.json()["log"]["size"] >= size else None

    decided_quarter = quarter_of(local_date(datetime.now(UTC)))
    await clients["lead"].get(f"{decided['receipt']}?wait=30")
    size = (await asyncio.to_thread(read_log, f"{house.url}/audit/", token))[0].size
    before = await until(lambda: card(size))
    assert before["score"] != "100.00"
    await put("reviewer", f"erasures/{erasure}", asking(finding))
    erased = await put("auditor", f"erasures/{erasure}/approval/{fresh()}", {})
    proof = await clients["lead"].get(f"{erased['receipt']}?wait=30")
    assert proof.status_code == 200
    checkpoint, entries = await asyncio.to_thread(read_log, f"{house.url}/audit/", token)
    events = check_entries(entries)
    assert events[-1].type == "kycuong.part.erased.v1"
    assert base64.b64decode(filed["event"]) in entries
    after = await until(lambda: card(checkpoint.size))
    later = {"log": None, "comparison": None}  # the comparison is fitted behind the card
    assert after | later == before | later
    shown = (await clients["lead"].get(f"/intake/v1/findings/{finding}")).json()["private"]
    assert (shown["narrative"], shown["persons"], set(shown["erased"])) == (None, None, {"narrative", "persons"})
    entry = await clients["auditor"].get(f"/audit/v1/entries/{finding}")
    assert entry.content == base64.b64decode(filed["event"])
    receipt = await clients["lead"].get(filed["receipt"])
    vkey = (await clients["lead"].get("/audit/vkey")).text
    assert entries[documented_check()(entry.content, receipt.text, vkey)] == entry.content
