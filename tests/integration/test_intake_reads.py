"""What each role may read, and how far."""

from datetime import timedelta

import asyncpg
import pytest_asyncio

from services.intake.cases.store import QUERIES as CASES
from services.intake.findings.store import FINDINGS_BY_ID
from services.intake.inspections.store import QUERIES as INSPECTIONS
from services.intake.quarters.store import QUERIES as QUARTERS
from services.intake.replay.sql import QUERIES as REPLAY
from services.intake.writing.sql import QUERIES as WRITING
from services.kernel.process.folder import Folder
from services.kernel.process.settings import Settings
from services.kernel.store.migrate import migrate
from services.kernel.store.postgres import EmbeddedPostgres
from tests.support.intake import UNIT, closing, fresh, opening, populate, recording, register, running_intake
from tests.support.page_types import faults
from tests.support.postgres import FAST

PRIVATE = {"narrative": "Vắng mặt", "persons": ["Ông A"]}


@pytest_asyncio.fixture
async def intake(settings):
    async with running_intake(settings) as intake:
        yield await populate(intake)


@pytest_asyncio.fixture
async def case(intake):
    inspection, finding = fresh(), fresh()
    await intake.put("inspector", f"inspections/{inspection}", opening())
    await intake.put("inspector", f"findings/{finding}", recording(inspection, code="A03", private=PRIVATE))
    await intake.put("inspector", f"inspections/{inspection}/closing/{fresh()}", closing())
    return inspection, finding


async def ids(intake, who, path):
    return [item["id"] for item in (await intake.get(who, f"/intake/v1/{path}"))["items"]]


async def test_each_role_sees_its_own(intake, case):
    inspection, finding = case
    for who in ("inspector", "lead", "head", "parent-head", "reviewer", "auditor"):
        assert await ids(intake, who, "inspections") == [inspection]
        assert await ids(intake, who, f"findings?inspection={inspection}") == [finding]
        assert (await intake.get(who, f"/intake/v1/inspections/{inspection}"))["roll"]["assigned"] == 45
        await intake.get(who, f"/intake/v1/findings/{finding}")
    for who in ("colleague", "elsewhere", "other-head"):
        assert await ids(intake, who, "inspections") == [] == await ids(intake, who, "findings")
        await intake.get(who, f"/intake/v1/inspections/{inspection}", 404)
        await intake.get(who, f"/intake/v1/findings/{finding}", 404)
    for path in ("inspections", "findings", f"inspections/{inspection}", f"findings/{finding}"):
        await intake.get("admin", f"/intake/v1/{path}", 403)
        await intake.get("nobody", f"/intake/v1/{path}", 401)
    for bad in ("x", fresh(), finding.upper()):
        await intake.get("reviewer", f"/intake/v1/findings/{bad}", 404)
        await intake.get("reviewer", f"/intake/v1/inspections/{bad}", 404)


async def test_the_unit_and_the_auditor_do_not_learn_who_filed(intake, case):
    inspection, finding = case
    for who, told in (("inspector", True), ("lead", True), ("reviewer", True), ("head", False), ("auditor", False)):
        assert ("filer" in await intake.get(who, f"/intake/v1/findings/{finding}")) is told
        assert ("team" in await intake.get(who, f"/intake/v1/inspections/{inspection}")) is told
        (listed,) = (await intake.get(who, f"/intake/v1/inspections?unit={UNIT}"))["items"]
        assert ("opener" in listed) is told


async def test_who_reads_the_closings_private_part_is_noted(intake, case):
    inspection, _ = case
    path = f"/intake/v1/inspections/{inspection}"
    for who in ("inspector", "reviewer", "head"):
        assert "private" in await intake.get(who, path)
    assert "private" not in await intake.get("auditor", path)
    noted = await intake.service.pool.fetch("SELECT role, inspection::text, part FROM intake.vault_read ORDER BY id")
    roles = ("inspector", "reviewer", "unit_head")
    assert [tuple(row) for row in noted] == [(role, inspection, "closing") for role in roles]


async def test_private_parts_by_role_and_each_opening_is_noted(intake, case):
    _, finding = case
    path = f"/intake/v1/findings/{finding}"
    for who in ("inspector", "lead", "reviewer", "head"):
        assert (await intake.get(who, path))["private"] == PRIVATE
    assert "private" not in await intake.get("auditor", path)
    assert "private" not in await intake.get("auditor", path + "?reason=%20")
    assert (await intake.get("auditor", path + "?reason=Ki%E1%BB%83m%20tra"))["private"] == PRIVATE
    noted = await intake.service.pool.fetch("SELECT role, reason FROM intake.vault_read ORDER BY id")
    assert [(row["role"], row["reason"]) for row in noted] == [
        ("inspector", None),
        ("lead", None),
        ("reviewer", None),
        ("unit_head", None),
        ("auditor", "Kiểm tra"),
    ]


async def test_an_auditor_s_reason_may_come_in_a_header(intake, case):
    _, finding = case
    path = f"/intake/v1/findings/{finding}"

    async def opened(reason):
        headers = {"authorization": f"Bearer {intake.tokens['auditor']}", "kycuong-reason": reason}
        return await intake.client.get(path, headers=headers)

    assert (await opened("Ki%E1%BB%83m%20tra")).json()["private"] == PRIVATE
    for nothing in ("%20", "%E2%80%8B%E2%80%8D", "%E3%85%A4"):
        assert "private" not in (await opened(nothing)).json()
        assert "private" not in await intake.get("auditor", f"{path}?reason={nothing}")
    for broken in ("%00", "%E1%BB", "x" * 4001):
        answer = await opened(broken)
        assert answer.status_code == 422 and answer.json()["errors"][0]["pointer"] == "/Kycuong-Reason"
    noted = await intake.service.pool.fetch("SELECT reason FROM intake.vault_read")
    assert [row["reason"] for row in noted] == ["Kiểm tra"]


async def test_lists_are_paged_by_opaque_cursors(intake):
    made = [fresh() for _ in range(7)]
    for inspection in made:
        await intake.put("inspector", f"inspections/{inspection}", opening())
    seen, following = [], ""
    while following is not None:
        page = await intake.get(
            "inspector", f"/intake/v1/inspections?mine=true&state=open&limit=3{following and '&cursor=' + following}"
        )
        seen += [item["id"] for item in page["items"]]
        following = page["next"]
    assert seen == sorted(made, reverse=True)
    for bad in ("x", "%00", "AAAA", "%C3%A9"):
        answer = await intake.get("inspector", f"/intake/v1/inspections?cursor={bad}", 422)
        assert answer["errors"][0]["pointer"] == "/cursor"
    assert (await intake.get("inspector", "/intake/v1/inspections?limit=0", 422))["errors"]


async def test_me_units_and_catalogue(intake):
    me = await intake.get("head", "/intake/v1/me")
    assert me["roles"] == [{"role": "unit_head", "unit": UNIT}] and me["account"] == f"unit_head-{UNIT}"
    assert [unit["unit"] for unit in (await intake.get("head", "/intake/v1/units"))["items"]] == [UNIT]
    assert len((await intake.get("parent-head", "/intake/v1/units"))["items"]) == 3
    page = await intake.get("admin", "/intake/v1/units?limit=2")
    rest = await intake.get("admin", f"/intake/v1/units?cursor={page['next']}")
    assert [unit["unit"] for unit in page["items"] + rest["items"]] == ["ubnd-tinh", "xa-phu-lam", UNIT]
    catalogue = await intake.get("inspector", "/intake/v1/catalogue")
    assert catalogue["version"] == "2026.1" and catalogue["groups"]["A"]["vi"]
    assert {"A01", "H05", "K00", "K04"} <= {code["code"] for code in catalogue["codes"]}
    await intake.get("inspector", "/intake/v1/catalogue?at=2020-01-01", 404)
    await intake.get("inspector", "/intake/v1/units?at=never", 422)


async def test_the_pages_scripts_are_typed_by_what_is_answered(intake, case):
    inspection, finding = case
    planned, assigned = fresh(), {"unit": UNIT, "opener": "inspector", "team": ["colleague"]}
    span, beacon = (
        {"from": "2026-09-01", "to": "2026-12-15"},
        {"name": "XSMB", "date": "2026-09-03", "pattern": "^[0-9]$"},
    )
    strata, chosen = [{"group": "xa", "size": 1}], [{"unit": UNIT, "selection": "risk"}]
    plan = {"basis": "15/KH-SNV", "kind": "planned", "strata": strata, "chosen": chosen, "beacon": beacon} | span
    await intake.put("lead", f"rounds/{planned}", plan)
    await intake.put("lead", f"rounds/{planned}/assignments/{fresh()}", assigned | span)
    erasing = {"event": finding, "parts": ["narrative"], "private": {"reason": "Theo đơn của người liên quan."}}
    await intake.put("reviewer", f"erasures/{fresh()}", erasing)
    told = []
    for who, path, type_ in (
        ("reviewer", "units", "Unit"),
        ("inspector", "inspections", "Inspection"),
        ("auditor", "inspections", "Inspection"),
        ("head", "findings", "Finding"),
        ("head", "desk?list=todo", "DeskRow"),
        ("reviewer", "desk?list=period", "DeskRow"),
        ("reviewer", "rounds", "Round"),
        ("inspector", "assignments", "Assignment"),
        ("auditor", "erasures", "Erasure"),
    ):
        items = (await intake.get(who, f"/intake/v1/{path}"))["items"]
        assert items
        whole = [each | {"plain": ""} for each in items] if type_ == "Unit" else items  # which the page adds
        told += faults(whole, f"{type_}[]", f"{who} {path}")
    for who, path, type_ in (
        ("inspector", "me", "Me"),
        ("lead", f"inspections/{inspection}", "Visit"),
        ("reviewer", f"findings/{finding}", "Case"),
        ("auditor", f"findings/{finding}", "Case"),
        ("reviewer", f"rounds/{planned}", "Round"),
        ("reviewer", "coverage?year=2026", "Coverage"),
    ):
        told += faults(await intake.get(who, f"/intake/v1/{path}"), type_, f"{who} {path}")
    assert told == []


def test_a_type_of_the_pages_that_no_answer_has_is_told():
    assert faults({"account": "an", "roles": [{"role": "lead"}]}, "Me") == ["/roles/0/unit: missing"]
    assert faults({"account": 1, "roles": []}, "Me") == ["/account: string, not 1"]


async def test_signing_in_with_a_password(intake):
    pool = intake.service.pool
    async with pool.acquire() as connection:
        from services.intake.people import accounts
        from services.kernel.identity.roles import Role

        begins = intake.clock.now() - timedelta(days=1)
        await accounts.add_account(connection, "thu-ky", "Thư ký", "mat-khau-dai", begins)
        for role in (Role.INSPECTOR, Role.REVIEWER):
            await accounts.appoint(connection, intake.service.settings.source, "thu-ky", role, None, begins, None)

    async def sign_in(account, password):
        return await intake.client.post("/intake/login", json={"account": account, "password": password})

    for account, password in (("thu-ky", "sai"), ("khong-co", "mat-khau-dai")):
        assert (await sign_in(account, password)).status_code == 401
    assert (await sign_in("thu-ky", 7)).status_code == 422
    answer = await sign_in("thu-ky", "mat-khau-dai")
    assert answer.status_code == 204
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("__Host-kycuong=") and "HttpOnly" in cookie and "Secure" in cookie and "Path=/" in cookie
    session = {"cookie": cookie.split(";")[0]}
    me = await intake.client.get("/intake/v1/me", headers=session)
    assert {role["role"] for role in me.json()["roles"]} == {"inspector", "reviewer"}
    path = f"/intake/v1/inspections/{fresh()}"
    assert (
        await intake.client.put(path, json=opening(), headers=session)
    ).status_code == 403  # no page of ours sent it
    foreign = session | {"x-kycuong": "1", "sec-fetch-site": "cross-site"}
    assert (await intake.client.put(path, json=opening(), headers=foreign)).status_code == 403
    own = session | {"x-kycuong": "1", "sec-fetch-site": "same-origin"}
    assert (await intake.client.put(path, json=opening(), headers=own)).status_code == 201
    assert (await intake.client.post("/intake/logout", headers=own)).status_code == 204
    assert (await intake.client.get("/intake/v1/me", headers=session)).status_code == 401


async def test_wrong_passwords_make_the_next_try_wait_and_lock_nobody_out(intake):
    answers = [
        await intake.client.post("/intake/login", json={"account": "nobody", "password": str(n)}) for n in range(6)
    ]
    assert answers[0].status_code == 401 and answers[-1].status_code == 429
    assert int(answers[-1].headers["retry-after"]) >= 1


async def test_hot_queries_use_their_indexes(intake, case):
    inspection, finding = case
    pool = intake.service.pool
    cases = (
        (WRITING.lock_and_recall, ([UNIT], [finding]), {"write_pkey", "unit_sequence_pkey"}),
        (INSPECTIONS.inspections_by_id, ([inspection],), {"inspection_pkey"}),
        (FINDINGS_BY_ID, ([finding],), {"finding_pkey", "case_step_pkey", "write_pkey", "deadline_pkey"}),
        (CASES.logged, ([finding], *[intake.clock.now()] * 3), {"deadline_cause"}),
        (CASES.logged_unnoticed, (500,), {"deadline_cause"}),
        (CASES.second_reviews, ([finding], ["an"]), {"second_review_pkey", "vault_read_finding"}),
        (QUARTERS.oldest_appeals, (["2026-Q3"],), {"finding_appealed"}),
        (CASES.lapsing, (intake.clock.now(), 500), {"deadline_lapsing"}),
        (REPLAY.delete_receipted, ([finding],), {"outbox_event_id_key"}),
    )
    for query, arguments, indexes in cases:
        async with pool.acquire() as connection, connection.transaction():
            await connection.execute("SET LOCAL enable_seqscan = off")
            plan = "\n".join(row[0] for row in await connection.fetch(f"EXPLAIN {query}", *arguments))
        assert all(index in plan for index in indexes), plan


async def test_a_restarted_database_costs_no_write(intake, case, cluster, settings):
    inspection, _ = case
    admin = await asyncpg.connect(cluster.url_of("postgres"))
    name = settings.database_url.rsplit("/", 1)[1].split("?")[0]
    for _ in range(3):
        await admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", name)
        await intake.put("inspector", f"findings/{fresh()}", recording(inspection))
    await admin.close()


async def test_an_away_database_is_503_and_comes_back(open_tmp):
    folder = Folder(open_tmp / "data").prepare()
    server = EmbeddedPostgres(folder, FAST)
    await server.start()
    try:
        settings = Settings(data=folder.path, database_url=server.url)
        await migrate(settings)
        async with running_intake(settings) as intake:
            await populate(intake)
            inspection, finding = fresh(), fresh()
            await intake.put("inspector", f"inspections/{inspection}", opening())
            await server.stop()
            answer = await intake.put("inspector", f"findings/{finding}", recording(inspection), 503)
            assert int(answer.headers["retry-after"]) >= 1 and answer.json()["type"] == "/problems/unavailable"
            assert (await intake.client.get("/intake/readyz")).status_code == 503
            assert (await intake.client.get("/intake/v1/me", headers={"authorization": "Bearer x"})).status_code == 503
            await server.start()
            await intake.put("inspector", f"findings/{finding}", recording(inspection))
            assert (await intake.client.get("/intake/readyz")).status_code == 200
    finally:
        await server.stop()


async def test_the_openapi_document_names_every_body(intake):
    document = (await intake.client.get("/intake/openapi.json")).json()
    text = str(document)
    assert "#/$defs/" not in text
    for path, methods in document["paths"].items():
        if "put" in methods:
            carried = {"photos": "image/jpeg", "files": "application/pdf"}
            media_type = carried.get(path.split("/")[-2], "application/json")
            assert methods["put"]["requestBody"]["content"][media_type]["schema"], path
    for name in ("RecordFinding", "CloseInspection", "RegisterUnit", "Photo"):
        assert name in document["components"]["schemas"]


async def test_registered_units_are_seen_at_once(intake):
    await intake.put("admin", f"unit-changes/{fresh()}", register("xa-moi", parent="ubnd-tinh"))
    assert "xa-moi" in [unit["unit"] for unit in (await intake.get("parent-head", "/intake/v1/units"))["items"]]


async def test_two_units_of_one_name_are_told_apart_wherever_they_are_named(intake):
    for unit, parent in (("tram-1", UNIT), ("tram-2", "xa-phu-lam")):
        await intake.put("admin", f"unit-changes/{fresh()}", register(unit, parent=parent, name="Trạm Y tế"))
    units = {one["unit"]: one for one in (await intake.get("lead", "/intake/v1/units"))["items"]}
    parents = {unit: units[unit]["name"] for unit in (UNIT, "xa-phu-lam")}
    assert units["tram-1"]["name"] == units["tram-2"]["name"] == "Trạm Y tế"
    assert units["tram-1"]["label"] == f"Trạm Y tế ({parents[UNIT]})" and units[UNIT]["label"] == parents[UNIT]
    inspection = fresh()
    await intake.put("inspector", f"inspections/{inspection}", opening("tram-2"))
    finding = fresh()
    await intake.put("inspector", f"findings/{finding}", recording(inspection))
    told = f"Trạm Y tế ({parents['xa-phu-lam']})"
    for path in (f"inspections/{inspection}", f"findings/{finding}"):
        assert (await intake.get("inspector", f"/intake/v1/{path}"))["unit_name"] == told
    (listed,) = (await intake.get("reviewer", "/intake/v1/findings"))["items"]
    assert listed["unit_name"] == told
