"""Intake's database restored from an older dump, as docs/operate.md says, while the log went on: it is rebuilt."""

import asyncio
import base64
import json
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import asyncpg
import httpx
import pytest

from services.domain.rulefiles import SCHEMAS
from services.intake.calendars.store import CalendarKeeper
from services.intake.people import accounts
from services.intake.replay import restoring
from services.intake.replay.sql import QUERIES
from services.kernel.quarters import local_date, quarter_days, quarter_of, rfc3339
from services.kernel.store.migrate import migrate
from tests.support import restore
from tests.support.authorities import AUTHORITIES
from tests.support.house import open_house
from tests.support.intake import closing, fresh, opening, recording, register, running_intake
from tests.support.photos import is_black, jpeg, listed
from tests.support.tokens import token_for

UNIT, OTHER, PARENT = "xa-tan-hoa", "xa-phu-lam", "ubnd-tinh"
PEOPLE = {
    "admin": ("admin", None), "inspector": ("inspector", None), "lead": ("lead", None), "reviewer": ("reviewer", None),
    "second": ("reviewer", None), "auditor": ("auditor", None), "head": ("unit_head", UNIT),
}  # fmt: skip


class Province:
    """People who write over HTTP, and what they sent."""

    def __init__(self, house):
        self.house, self.tokens, self.sent, self.answers = house, {}, [], {}

    @property
    def pool(self):
        return self.house.apps["intake"].state.service.pool

    async def hire(self):
        for name, (role, unit) in PEOPLE.items():
            if unit is None or await self.pool.fetchval("SELECT 1 FROM identity.unit WHERE unit = $1", unit):
                self.tokens[name] = await token_for(self.house.settings, role, unit, None if role == name else name)

    async def put(self, who, path, body, status=201):
        async with self.house.client(self.tokens[who]) as client:
            answer = await client.put(f"/intake/v1/{path}", json=body)
        assert answer.status_code == status, answer.text
        if status == 201:
            self.sent.append((who, path, body))
            self.answers[path] = answer.json()
        return answer.json()

    async def get(self, who, path, status=200):
        async with self.house.client(self.tokens[who]) as client:
            answer = await client.get(path)
        assert answer.status_code == status, answer.text
        return answer.json()

    async def found(self):
        """The tree of units, and everybody."""
        await self.hire()
        for unit, parent in ((PARENT, None), (UNIT, PARENT), (OTHER, PARENT)):
            await self.put("admin", f"unit-changes/{fresh()}", register(unit, parent=parent))
        await self.hire()

    async def visit(self, unit=UNIT, codes=("A01", "A03"), **opened):
        """A closed inspection with findings: its id and theirs."""
        inspection, then = fresh(), moment()
        await self.put(
            "inspector", f"inspections/{inspection}", opening(unit, opened_at=then, selection="risk", **opened)
        )
        findings = [fresh() for _ in codes]
        for finding, code in zip(findings, codes, strict=True):
            private = {"narrative": "Đến sau 8 giờ."}
            await self.put(
                "inspector", f"findings/{finding}", recording(inspection, code=code, captured_at=then, private=private)
            )
        await self.put("inspector", f"inspections/{inspection}/closing/{fresh()}", closing(closed_at=moment()))
        return inspection, findings

    async def rounds(self):
        """A round that is drawn, assigned and visited, and one that is closed before it was."""
        first, second, assignment = fresh(), fresh(), fresh()
        today = local_date(datetime.now(UTC)).isoformat()
        whole = {
            "basis": "15/KH-SNV", "kind": "unannounced", "from": today, "to": today, "exclude": [PARENT],
            "strata": [{"group": "xa", "size": 1}], "chosen": [{"unit": OTHER, "selection": "complaint"}],
        }  # fmt: skip
        await self.put("lead", f"rounds/{first}", whole)
        beacon = {"name": "XSMB", "date": "2099-01-01", "pattern": "^[0-9]{5}$"}
        later = whole | {"beacon": beacon, "strata": [{"group": "xa", "size": 2}], "chosen": [], "replaces": first}
        async with asyncio.timeout(60):
            while (await self.get("lead", f"/intake/v1/rounds/{first}"))["drawn"] is None:
                await asyncio.sleep(0.05)
        going = {"unit": OTHER, "opener": "inspector", "team": ["lead"], "from": today, "to": today}
        await self.put("reviewer", f"rounds/{first}/assignments/{assignment}", going)
        await self.visit(OTHER, codes=("A01",), assignment=assignment)
        await self.put("lead", f"rounds/{second}", later | {"exclude": []})
        await self.put("lead", f"rounds/{second}/closing/{fresh()}", {"private": {"note": "Hoãn."}})

    async def live(self):
        """Everything that can be written, once."""
        await self.rounds()
        visited, (replied, withdrawn, open_) = await self.visit(codes=("A01", "A01", "A03"))
        reason = {"private": {"reason": "Theo hồ sơ."}}
        mistaken, _ = await self.visit()
        await self.put("reviewer", f"inspections/{mistaken}/voiding/{fresh()}", reason)
        await self.put("inspector", f"inspections/{visited}/team/{fresh()}", {"add": ["auditor", "lead"]})
        await self.put("lead", f"inspections/{visited}/team/{fresh()}", {"remove": ["auditor"]})
        again = {"private": {"opinion": "Đồng ý.", **reason["private"]}, "late": 2, "closed_at": moment()}
        await self.put("lead", f"inspections/{visited}/correction/{fresh()}", closing(**again))
        await self.put("head", f"inspections/{visited}/acknowledgement/{fresh()}", {})
        await self.put(
            "head", f"findings/{replied}/reply/{fresh()}", {"accepts": False, "private": {"text": "Đi họp."}}
        )
        await self.put("reviewer", f"findings/{replied}/decision/{fresh()}", {"outcome": "upheld", **reason})
        await self.put("lead", f"findings/{withdrawn}/withdrawal/{fresh()}", reason)
        await self.put("inspector", f"findings/{fresh()}", recording(visited, captured_at=self.answers_time(visited)))
        today = local_date(datetime.now(UTC)).isoformat()
        await self.put("reviewer", f"commendations/{fresh()}", {"unit": OTHER, "code": "K01", "date": today})
        await self.put("admin", f"unit-changes/{fresh()}", {
            "change": "amend", "unit": OTHER, "name": "UBND xã Phú Lâm mới", "valid_from": today,
        })  # fmt: skip
        await self.put("admin", f"unit-changes/{fresh()}", register("xa-moi", parent=PARENT, valid_from="2025-07-01"))
        await self.put("admin", f"unit-changes/{fresh()}", {
            "change": "succeed", "kind": "merge", "from": [OTHER], "to": ["xa-moi"], "valid_from": today,
            "basis": "NQ 202/2025/QH15",
        })  # fmt: skip
        erasure = fresh()
        await self.put("reviewer", f"erasures/{erasure}", {"event": open_, "parts": ["narrative"], **reason})
        await self.put("auditor", f"erasures/{erasure}/approval/{fresh()}", {})
        cut = fresh()
        await self.put("reviewer", f"quarters/{last_quarter()}/closing/{cut}", {"edition": "flash"})
        publication = {"closing": cut, "cards_root": base64.b64encode(bytes(32)).decode()}
        await self.put("reviewer", f"quarters/{last_quarter()}/publication/{fresh()}", publication)
        if local_date(datetime.now(UTC)) > quarter_days(last_quarter())[1] + timedelta(days=15):
            await self.put("reviewer", f"quarters/{last_quarter()}/closing/{fresh()}", {"edition": "official"})
            await self.put("reviewer", f"quarters/{last_quarter()}/restatement/{fresh()}", reason)
        newest = json.loads(max(SCHEMAS.glob("calendar/20*.json")).read_text())
        file = json.dumps(newest | {"version": "2099.1", "until": "2099-12-31"})
        await self.put("admin", f"calendars/{fresh()}", {"file": file})
        return visited, replied, open_

    def answers_time(self, inspection):
        return json.loads(base64.b64decode(self.answers[f"inspections/{inspection}"]["event"]))["data"]["opened_at"]

    async def settle(self):
        """Until the log has everything and has told so."""
        async with asyncio.timeout(60):
            while await self.pool.fetchval("SELECT count(*) FROM intake.outbox"):
                await asyncio.sleep(0.05)

    async def sql(self, query):
        """Rows, read as the administrator: no service reads another's tables."""
        connection = await asyncpg.connect(self.house.settings.database_url)
        try:
            return await connection.fetch(query)
        finally:
            await connection.close()

    async def size(self):
        return (await self.sql("SELECT size FROM audit.tree_head"))[0]["size"]

    async def cards(self):
        """The live scorecards at the log's whole size, without that size and comparisons, which come after."""
        size = await self.size()
        async with asyncio.timeout(60):
            while True:
                cards = await self.get("reviewer", f"/reports/v1/scorecards/{quarter()}?edition=live")
                if cards["log"]["size"] >= size:
                    return [{**one, "comparison": None} for one in cards["cards"]]
                await asyncio.sleep(0.05)

    async def state(self):
        """What intake says of every inspection and finding, but for whoever is lost, and of the tree of units.

        Nor what one may do: of a team that is lost hardly anybody decides.
        """
        told, personal = {}, ("opener", "team", "filer", "may", "outcomes")
        for path in ("inspections", "findings", "units"):
            items = (await self.get("reviewer", f"/intake/v1/{path}"))["items"]
            told[path] = [{k: v for k, v in one.items() if k not in personal} for one in items]
        for table, kept in (
            ("quarter_closing", "quarter, edition, id"),
            ("quarter_publication", "id, closing, cards_root"),
            (
                "round",
                "id, kind, basis, first, last, strata, exclude, beacon, replaces, state, candidates, idx, root, drawn",
            ),
            ("assignment", "id, round, unit, first, last"),
        ):
            told[table] = [dict(row) for row in await self.pool.fetch(f"SELECT {kept} FROM intake.{table} ORDER BY id")]
        async with self.pool.acquire() as connection:
            calendar = await self.house.apps["intake"].state.service.part(CalendarKeeper).current(connection)
        told["calendar"] = (calendar.version, calendar.ends, calendar.makeup, calendar.holidays)
        told["numbers"] = {
            row["unit"]: row["last_seq"] for row in await self.pool.fetch("SELECT * FROM intake.unit_sequence")
        }
        return told


def moment():
    return rfc3339(datetime.now(UTC))


def last_quarter():
    """Over for at least a day, so its flash edition can be cut whenever this runs."""
    first, _ = quarter_days(quarter())
    return quarter_of(first - timedelta(days=1))


def quarter():
    return quarter_of(local_date(datetime.now(UTC)))


@asynccontextmanager
async def province(settings):
    async with open_house(settings) as house:
        opened = Province(house)
        await opened.hire()
        yield opened


async def everything_in_the_log_verifies(one):
    """Sizes, order and numbers of the log, as its own verifier reads them."""
    rows = await one.sql("SELECT unit, unitseq FROM audit.entry ORDER BY idx")
    seen = {}
    for row in rows:
        assert row["unitseq"] == seen.get(row["unit"], 0) + 1
        seen[row["unit"]] = row["unitseq"]
    assert not await one.sql("SELECT 1 FROM audit.refusal") and not await one.sql("SELECT 1 FROM audit.held")
    given = {row["unit"]: row["last_seq"] for row in await one.pool.fetch("SELECT * FROM intake.unit_sequence")}
    assert given == seen


@pytest.mark.parametrize("lost", ["intake", "intake and identity", "everything"])
async def test_a_restored_database_is_rebuilt_from_the_log(settings, tmp_path, lost):
    schemas = ("intake",) if lost == "intake" else restore.BOTH
    async with province(settings) as before:
        await before.found()
        kept, _ = await before.visit()
        await before.settle()
        copy = restore.dump(settings, tmp_path / "dump", schemas)
        visited, replied, erased = await before.live()
        await before.settle()
        state, cards, sent, answers = await before.state(), await before.cards(), before.sent, before.answers
    if lost == "everything":
        restore.drop(settings)
        await migrate(settings)
    else:
        restore.restore(settings, copy, schemas)
    async with province(settings) as after:
        if lost == "everything":
            state["numbers"][UNIT] += 1  # the head has been appointed anew
            await after.settle()
        if lost == "intake":  # the tree of units knows what came after the plan
            assert [one.pop("candidates") for one in state["round"]] and "xa-moi" in {
                one["unit"] for one in state["units"]
            }
            assert await after.state() == state | {"round": [one | {"candidates": "[]"} for one in state["round"]]}
        else:
            assert await after.state() == state
        assert await after.cards() == cards
        case = await after.get("reviewer", f"/intake/v1/findings/{replied}")
        lost_parts = case["private"]
        assert lost_parts["narrative"] is None and lost_parts["lost"]["narrative"].endswith("Z")
        assert lost_parts["reply"]["lost"]["text"] and lost_parts["decision"]["lost"]["reason"]
        gone = await after.get("reviewer", f"/intake/v1/findings/{erased}")
        assert gone["private"]["erased"]["narrative"] and "lost" not in gone["private"]
        events = await after.size()
        await every_repeat_is_answered(after, sent, answers)
        assert await after.pool.fetchval("SELECT count(*) FROM intake.outbox") == 0
        assert await after.size() == events
        await after.visit()
        await after.put("head", f"findings/{erased}/reply/{fresh()}", {"accepts": True})
        await after.settle()
        await everything_in_the_log_verifies(after)
        assert (await after.get("reviewer", f"/intake/v1/inspections/{kept}"))["state"] == "closed"
        assert (await after.get("reviewer", f"/intake/v1/inspections/{visited}"))["private"] == {
            "opinion": None, "reason": None,
            "lost": dict.fromkeys(("opinion", "reason"), lost_parts["lost"]["narrative"]),
        }  # fmt: skip


async def every_repeat_is_answered(after, sent, answers):
    """The phones' queues send again what they had no answer for: the same answer, no second event."""
    for who, path, body in sent:
        if path.startswith("erasures/") or "/approval/" in path:
            continue  # a request is no event: it is lost, and is asked again
        again = await after.put(who, path, body, 200)
        assert again == answers[path], path
        assert base64.b64decode(again["event"])


async def test_what_was_covered_of_a_photo_stays_covered_and_its_repeat_is_answered(settings, tmp_path):
    raw, finding = jpeg(), fresh()
    box = {"x": 0, "y": 0, "width": 10_000, "height": 5_000}
    redaction, photo = f"findings/{finding}/photos/1/redactions/{fresh()}", f"/intake/v1/findings/{finding}/photos/1"
    async with province(settings) as before:
        await before.found()
        visited, _ = await before.visit()
        body = recording(visited, code="A03", captured_at=before.answers_time(visited), photos=[listed(raw)])
        await before.put("inspector", f"findings/{finding}", body)
        async with before.house.client(before.tokens["inspector"]) as client:
            sent = await client.put(photo, content=raw, headers={"content-type": "image/jpeg"})
        assert sent.status_code == 201, sent.text
        await before.settle()
        copy = restore.dump(settings, tmp_path / "dump")
        told = await before.put("reviewer", redaction, {"boxes": [box]})
        await before.settle()
    restore.restore(settings, copy)
    async with province(settings) as after:
        async with after.house.client(after.tokens["lead"]) as client:
            shown = await client.get(photo)
        assert is_black(shown.content, 0.5, 0.2) and not is_black(shown.content, 0.9, 0.9)
        assert await after.put("reviewer", redaction, {"boxes": [box]}, 200) == told
        other = {"boxes": [box | {"height": 1}]}
        assert (await after.put("reviewer", redaction, other, 409))["type"] == "/problems/id-reused"


async def test_a_repeat_that_says_something_else_is_refused(settings, tmp_path):
    async with province(settings) as before:
        await before.found()
        await before.settle()
        copy = restore.dump(settings, tmp_path / "dump")
        _, (finding, _) = await before.visit()
        await before.settle()
    restore.restore(settings, copy)
    async with province(settings) as after:
        who, path, body = next(one for one in before.sent if one[1] == f"findings/{finding}")
        for change in (
            {"count": 4},
            {"code": "A02"},
            {"private": {}},
            {"captured_at": moment()},
            {"inspection": fresh()},
        ):
            assert (await after.put(who, path, body | change, 409))["type"] == "/problems/id-reused"
        told = await after.put("head", path, body, 403)
        assert told["type"] == "/problems/forbidden"
        withdrawal = {"private": {"reason": "x"}}
        assert (await after.put("inspector", f"findings/{finding}/withdrawal/{finding}", withdrawal, 409))["type"]


async def test_nobody_who_may_have_been_in_a_lost_team_decides(settings, tmp_path):
    async with province(settings) as before:
        await before.found()
        _, (known, _) = await before.visit()
        reply = {"accepts": False, "private": {"text": "Không đúng."}}
        reason = {"outcome": "upheld", "private": {"reason": "Đủ."}}
        await before.put("head", f"findings/{known}/reply/{fresh()}", reply)
        await before.put("reviewer", f"findings/{known}/decision/{fresh()}", reason)
        await before.settle()
        copy = restore.dump(settings, tmp_path / "dump")
        _, (finding, _) = await before.visit(team=["second"])
        await before.put("head", f"findings/{finding}/reply/{fresh()}", reply)
        await before.put("second", f"findings/{finding}/decision/{fresh()}", reason, 403)
        await before.settle()
    restore.restore(settings, copy)
    async with province(settings) as after:
        told = await after.put("second", f"findings/{finding}/decision/{fresh()}", reason, 403)
        assert "mất khi khôi phục" in told["detail"]
        # whoever had a name in the quarter before the loss is none of those whose names were lost
        await after.put("reviewer", f"findings/{finding}/decision/{fresh()}", reason)


async def test_an_operator_says_from_the_minutes_who_was_in_a_lost_team(settings, tmp_path):
    async with province(settings) as before:
        await before.found()
        await before.settle()
        copy = restore.dump(settings, tmp_path / "dump")
        visited, (finding, other) = await before.visit(team=["second"])
        await before.settle()
    restore.restore(settings, copy)
    withdrawal, outcome = {"private": {"reason": "Nhầm."}}, {"outcome": "unfounded", "private": {"reason": "Đủ."}}
    async with province(settings) as after:
        await after.put("inspector", f"findings/{finding}/withdrawal/{fresh()}", withdrawal, 403)
        await after.put("reviewer", f"findings/{other}/decision/{fresh()}", outcome, 403)
        opener, member = (await after.get("lead", f"/intake/v1/inspections/{visited}"))["team"]
        async with after.pool.acquire() as connection:
            assert await accounts.recall(connection, opener[1:], "inspector")
            assert await accounts.recall(connection, member[1:], "second")
            assert not await accounts.recall(connection, member[1:], "reviewer")  # it is known now
        assert (await after.get("lead", f"/intake/v1/inspections/{visited}"))["team"] == ["inspector", "second"]
        await after.put("inspector", f"findings/{finding}/withdrawal/{fresh()}", withdrawal)
        await after.put("second", f"findings/{other}/decision/{fresh()}", outcome, 403)
        await after.put("reviewer", f"findings/{other}/decision/{fresh()}", outcome)
        await after.settle()
        await everything_in_the_log_verifies(after)


async def test_no_write_is_taken_before_all_is_rebuilt(settings, tmp_path, monkeypatch):
    """Readiness and every write say that a rebuild is under way, and how far it is."""
    async with province(settings) as before:
        await before.found()
        await before.settle()
        copy = restore.dump(settings, tmp_path / "dump")
        for _ in range(3):
            await before.visit()
        await before.settle()
        size = await before.size()
    restore.restore(settings, copy)
    monkeypatch.setattr("services.intake.replay.receipts._AT_ONCE", 5)
    told = []

    async def asked(connection, service, entries):
        """The rebuild, with somebody who asks before each of its steps."""
        async with httpx.AsyncClient(
            base_url=service.settings.audit_url, timeout=40, trust_env=False, verify=AUTHORITIES
        ) as client:
            ready = await client.get("/intake/readyz")
            headers = {"authorization": f"Bearer {before.tokens['inspector']}"}
            write = await client.put(f"/intake/v1/inspections/{fresh()}", json=opening(), headers=headers)
            lines = {**headers, "content-type": "application/x-ndjson"}
            batch = await client.post("/intake/v1/batch", content=b"{}", headers=lines)
        told.append((service.standing.done, ready, write, batch))
        await restoring.restore(connection, service, entries)

    monkeypatch.setattr("services.intake.replay.receipts.restore", asked)
    async with province(settings) as after:
        assert len(told) >= 3
        for done, ready, write, batch in told:
            assert (ready.status_code, write.status_code, batch.status_code) == (503, 503, 503)
            assert ready.json()["log"] == {"done": done, "until": size}
            assert f"rebuilding {done}/{size}" in ready.json()["detail"]["en"]
            assert f"đang dựng lại {done}/{size}" in write.json()["detail"] and int(write.headers["retry-after"]) >= 1
        await after.visit()
        await after.settle()
        await everything_in_the_log_verifies(after)


async def test_without_the_log_the_folder_tells_whether_anything_can_be_missing(settings, tmp_path, monkeypatch):
    """Intake starts while audit is away, unless the last published checkpoint tells of more than the database knows."""
    async with province(settings) as before:
        await before.found()
        await before.settle()
        copy = restore.dump(settings, tmp_path / "dump")
        await before.visit()
        await before.settle()
    monkeypatch.setattr("services.intake.replay.opening.UNREACHABLE", 0)
    async with running_intake(settings, datetime.now(UTC)) as alone:
        async with asyncio.timeout(60):
            while (await alone.client.get("/intake/readyz")).status_code != 200:
                await asyncio.sleep(0.05)
        await alone.token("lead")
        await alone.put("lead", f"inspections/{fresh()}", opening(opened_at=moment()))
    restore.restore(settings, copy)
    async with running_intake(settings, datetime.now(UTC)) as alone:
        looked = asyncio.Event()
        accounted = alone.service.pool.fetchval

        async def counted(query, *arguments):
            told = await accounted(query, *arguments)
            if query == QUERIES.accounted_for:
                looked.set()
            return told

        monkeypatch.setattr(alone.service, "pool", Watched(alone.service.pool, counted))
        async with asyncio.timeout(60):
            await looked.wait()
        await alone.token("lead")
        told = await alone.put("lead", f"inspections/{fresh()}", opening(opened_at=moment()), 503)
        assert "đối chiếu" in told.json()["detail"]
        assert (await alone.client.get("/intake/readyz")).status_code == 503


async def test_a_database_with_receipts_takes_no_folder_without_a_key_for_a_new_log(settings):
    """The folder came without `log/` but its name, and audit is away: something may be missing, so it waits."""
    async with province(settings) as before:
        await before.found()
        await before.settle()
    for path in settings.folder.log_dir.rglob("*"):
        if path.is_file() and path.name != "origin":
            path.unlink()
    async with running_intake(settings, datetime.now(UTC)) as alone:
        await alone.token("lead")
        told = await alone.put("lead", f"inspections/{fresh()}", opening(opened_at=moment()), 503)
        assert "đối chiếu" in told.json()["detail"]
        assert (await alone.client.get("/intake/readyz")).status_code == 503


class Watched:
    """A pool of which one call is noticed."""

    def __init__(self, pool, fetchval):
        self._pool, self.fetchval = pool, fetchval

    def __getattr__(self, name):
        return getattr(self._pool, name)
