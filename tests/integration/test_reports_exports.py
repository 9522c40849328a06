"""Lists and cards as files: read back by other people's programs, the same bytes each time, told to the log first."""

from __future__ import annotations

import asyncio
import base64
import csv
import io
import json
import re
import zipfile
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import openpyxl
import pytest
import uuid_utils
import zxingcpp
from docx import Document
from frictionless import Package
from PIL import Image
from pypdf import PdfReader

from services.domain.codes import code_names
from services.intake.people.accounts import issue_reading_token, issue_token
from services.kernel.identity.authentication import COOKIE, hash_token
from services.kernel.identity.roles import Role
from services.kernel.log.tiles import bundle_path, bundles_of, decode_bundle
from services.kernel.quarters import parse_instant
from tests.integration.test_old_folder import Old, old
from tests.integration.test_reports_then import a_frozen_quarter, ask, etag, publish
from tests.support.intake import fresh
from tests.support.old_folder import LEFT

__all__ = ["old"]
FORMATS = ("csv", "csv&dialect=excel-vi", "xlsx", "pdf", "docx", "package")
MEDIA = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pdf": "application/pdf",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "package": "application/zip",
}
CHECK = re.compile(r"http://127\.0\.0\.1:\d+/reports/check\?quarter=(\S+)&edition=(\S+)&size=(\d+)&root=(\S+?)(&\S+)?$")


async def published(old: Old) -> tuple[str, str]:
    edition = await a_frozen_quarter(old)
    await publish(old, edition)
    return edition["quarter"], edition["edition"]


def read_list(kind: str, body: bytes, listing: dict[str, Any], folder: Path) -> None:
    """What another program finds in the file of a list."""
    READERS[kind](body, listing, folder)


def rows_of(text: str, delimiter: str = ",") -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter))


def plain(body: bytes, listing: dict[str, Any], _: Path) -> None:
    assert body.startswith(b"\xef\xbb\xbf") and body.count(b"\r\n") == len(listing["cards"]) + 1
    for row, card in zip(rows_of(body.decode("utf-8-sig")), listing["cards"], strict=True):
        assert (row["unit"], row["score"] or None, row["edition"]) == (card["unit"], card["score"], listing["edition"])
        assert row["deduction_A"] == card["deductions"]["A"]


def vietnamese(body: bytes, listing: dict[str, Any], _: Path) -> None:
    assert body.startswith(b"\xef\xbb\xbf")
    for row, card in zip(rows_of(body.decode("utf-8-sig"), ";"), listing["cards"], strict=True):
        assert (row["Mã đơn vị"], row["Điểm"]) == (card["unit"], (card["score"] or "").replace(".", ","))
        assert row["Xếp loại"] == card["band_label"]


def workbook(body: bytes, listing: dict[str, Any], _: Path) -> None:
    book = openpyxl.load_workbook(io.BytesIO(body))
    notes = {row[0].value: row[1].value for row in book["Ghi chú"].iter_rows()}
    assert (notes["Mã bản"], notes["Số mục nhật ký"]) == (listing["edition"], listing["log"]["size"])
    assert notes["Mã gốc nhật ký"] == listing["log"]["root"]
    assert "scorecard recompute" in notes["Tính lại từ nhật ký"]
    sheet = book["Phiếu điểm"]
    assert (sheet.freeze_panes, sheet.max_row) == ("E2", len(listing["cards"]) + 1)
    heads = [cell.value for cell in sheet[1]]
    for cells, card in zip(sheet.iter_rows(min_row=2, values_only=True), listing["cards"], strict=True):
        row = dict(zip(heads, cells, strict=True))
        assert row["Đơn vị"] == card["unit_name"]
        assert row["Điểm"] == (None if card["score"] is None else float(card["score"]))
        assert isinstance(row["Trừ nhóm A"], int | float)


def paper(body: bytes, listing: dict[str, Any], _: Path) -> None:
    reader = PdfReader(io.BytesIO(body))
    raw = " ".join(page.extract_text() for page in reader.pages)
    assert all(code in raw for code in (listing["cards_root"], listing["log"]["root"], listing["cards_root"][:16]))
    text = " ".join(raw.replace("\u200b", "").split())
    assert "Nơi nhận:" in text
    assert "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM" in text and "Độc lập - Tự do - Hạnh phúc" in text
    for card in listing["cards"]:
        assert card["unit_name"] in text


def editable(body: bytes, listing: dict[str, Any], folder: Path) -> None:
    document = Document(io.BytesIO(body))
    tables = document.tables
    assert "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM" in tables[0].rows[0].cells[1].text
    units = next(table for table in tables if table.rows[0].cells[0].text == "TT")
    assert {row.cells[1].text for row in units.rows[1:]} == {card["unit_name"] for card in listing["cards"]}
    check_code(body, listing, folder)


def check_code(body: bytes, shown: dict[str, Any], folder: Path) -> None:
    found = CHECK.fullmatch(read_code(body, folder))
    assert found is not None
    assert found.group(1, 2, 3) == (shown["quarter"], shown["edition"], str(shown["log"]["size"]))


def read_code(body: bytes, folder: Path) -> str:
    """The last picture of a .docx is the code that leads to the check."""
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        pictures = sorted(name for name in archive.namelist() if name.startswith("word/media/"))
        (folder / "code.png").write_bytes(archive.read(pictures[-1]))
    [read] = zxingcpp.read_barcodes(Image.open(folder / "code.png"), formats=zxingcpp.BarcodeFormat.QRCode)
    return str(read.text)


def package(body: bytes, listing: dict[str, Any], folder: Path) -> None:
    (folder / "package.zip").write_bytes(body)
    report = Package(str(folder / "package.zip")).validate()
    assert report.valid, report.flatten(["type", "message"])
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        described = json.loads(archive.read("datapackage.json"))
        rows = rows_of(archive.read("cards.csv").decode())
    assert described["log"] == listing["log"]
    assert [row["unit"] for row in rows] == [card["unit"] for card in listing["cards"]]


READERS: dict[str, Callable[[bytes, dict[str, Any], Path], None]] = {
    "csv": plain,
    "csv&dialect=excel-vi": vietnamese,
    "xlsx": workbook,
    "pdf": paper,
    "docx": editable,
    "package": package,
}


async def test_a_published_list_in_every_format(old: Old, tmp_path: Path) -> None:
    quarter, edition = await published(old)
    path = f"{quarter}?edition={edition}"
    listing = (await ask(old, path, "xa-mot")).json()
    for kind in FORMATS:
        answer = await ask(old, f"{path}&format={kind}", "xa-mot")
        assert answer.status_code == 200, answer.text
        read_list(kind, answer.content, listing, tmp_path)
        name = kind.partition("&")[0]
        assert answer.headers["content-type"] == MEDIA[name]
        assert answer.headers["content-length"] == str(len(answer.content))
        end = "zip" if name == "package" else name
        said = answer.headers["content-disposition"]
        assert re.match(rf'attachment; filename="scorecards-{quarter}-{edition}-\d+\.{end}"; filename\*=UTF-8', said)
        again = await ask(old, f"{path}&format={kind}")
        assert (again.content, again.headers["etag"]) == (answer.content, answer.headers["etag"])
        held = await ask(old, f"{path}&format={kind}", **{"if-none-match": answer.headers["etag"]})
        assert (held.status_code, held.content) == (304, b"")
    assert len({(await ask(old, f"{path}&format={kind}")).headers["etag"] for kind in FORMATS}) == len(FORMATS)


async def test_a_published_card_in_every_format(old: Old, tmp_path: Path) -> None:
    quarter, edition = await published(old)
    units = [card["unit"] for card in (await ask(old, f"{quarter}?edition={edition}")).json()["cards"]]
    for unit in units:
        path = f"{quarter}/{unit}?edition={edition}"
        card = (await ask(old, path)).json()
        items = [item for visit in card["inspections"] for item in visit["items"]]
        made = {kind: (await ask(old, f"{path}&format={kind}", "xa-mot")).content for kind in FORMATS[:-1]}
        rows = rows_of(made["csv"].decode("utf-8-sig"))
        assert [row["code"] for row in rows] == ([item["code"] for item in items] or [""])
        assert {row["score"] for row in rows} == {card["score"] or ""}
        book = openpyxl.load_workbook(io.BytesIO(made["xlsx"]))
        assert [row[3] for row in book["Ghi nhận được tính"].iter_rows(min_row=2, values_only=True)] == [
            item["code"] for item in items
        ]
        sheet = " ".join(PdfReader(io.BytesIO(made["pdf"])).pages[0].extract_text().replace("\u200b", "").split())
        assert card["unit_name"] in sheet
        for item in items[:1]:
            assert f"{item['code']} {code_names()[item['code']][0]}" in sheet
        check_code(made["docx"], card, tmp_path)
        refused = await ask(old, f"{path}&format=package")
        assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/format")


@pytest.mark.parametrize(
    ("query", "pointer", "words"),
    [
        ("format=ods", "/format", "'xlsx'"), ("format=csv&dialect=excel", "/dialect", "'excel-vi'"),
        ("format=xlsx&dialect=excel-vi", "/dialect", "format=csv"), ("format=xlsx&export=1", "/export", "UUIDv7"),
    ],
)  # fmt: skip
async def test_what_is_no_format_is_named(old: Old, query: str, pointer: str, words: str) -> None:
    for language in ("vi", "en"):
        refused = await ask(old, f"2026-Q4?{query}", **{"accept-language": language})
        assert refused.status_code == 422
        [fault] = refused.json()["errors"]
        assert fault["pointer"] == pointer and words in fault["detail"]


async def tell(old: Old, **body: str) -> str:
    told = str(uuid_utils.uuid7())
    assert await old.put("reviewer", f"exports/{told}", body) == 201
    return told


async def test_what_is_not_published_leaves_once_the_log_was_told(old: Old, tmp_path: Path) -> None:
    quarter = "2026-Q4"
    refused = await ask(old, f"{quarter}?format=xlsx")
    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/export-untold")
    assert "PUT /intake/v1/exports/" in refused.json()["detail"]
    body = json.loads(re.search(r"\{\"[^}]*\}", refused.json()["detail"])[0])  # type: ignore[index]
    told = await tell(old, **body)
    answer = await ask(old, f"{quarter}?format=xlsx&export={told}")
    assert answer.status_code == 200, answer.text
    assert answer.content.startswith(b"PK")
    assert answer.headers["cache-control"].startswith("no-store")
    event = (await old.get("reviewer", f"/audit/v1/entries/{told}")).json()
    assert event["type"] == "kycuong.data.exported.v1"
    assert {name: event["data"][name] for name in body} == body
    for other in (f"{quarter}?format=pdf", f"{quarter}/xa-mot?format=xlsx", "2026-Q3?format=xlsx"):
        assert (await ask(old, f"{other}&export={told}")).status_code == 409
    unknown = await ask(old, f"{quarter}?format=xlsx&export={uuid_utils.uuid7()}")
    assert (unknown.status_code, unknown.headers["retry-after"]) == (409, "2")
    old.clock.set(old.clock.now() + timedelta(minutes=16))
    late = await ask(old, f"{quarter}?format=xlsx&export={told}")
    assert late.status_code == 409 and "15 phút" in late.json()["detail"]


async def test_a_card_a_closed_edition_and_what_was_known_then_are_told_too(old: Old) -> None:
    edition = await a_frozen_quarter(old)
    closed, kind = edition["quarter"], edition["edition"]
    told = await tell(old, quarter=closed, format="pdf", edition=kind, unit="xa-mot")
    path = f"{closed}/xa-mot?edition={kind}&format=pdf"
    assert (await ask(old, path)).status_code == 409
    assert (await ask(old, f"{path}&export={told}")).content.startswith(b"%PDF")
    sizes = [one["size"] for one in (await old.client.get("/audit/v1/checkpoints?limit=1000")).json()["items"]]
    told = await tell(old, quarter="2026-Q4", format="docx")
    path = f"2026-Q4/at/{max(sizes)}?format=docx"
    assert (await ask(old, path)).status_code == 409
    first = await ask(old, f"{path}&export={told}")
    assert first.status_code == 200, first.text
    assert (await ask(old, f"{path}&export={told}")).content == first.content
    told = await tell(old, quarter="2026-Q4", format="xlsx", unit="xa-mot")
    assert (await ask(old, f"2026-Q4/at/{max(sizes)}/xa-mot?format=xlsx&export={told}")).status_code == 200
    told = await tell(old, quarter="2026-Q4", format="xlsx")
    assert (await ask(old, "2026-Q4/at/0")).json()["cards"] == []
    assert (await ask(old, f"2026-Q4/at/0?format=xlsx&export={told}")).status_code == 404


async def test_only_a_reviewer_takes_away_what_is_not_published(old: Old) -> None:
    for who in ("auditor", "lead", "xa-mot"):
        for path in ("2026-Q4", "2026-Q4/xa-mot"):
            assert (await ask(old, path, who)).status_code == 200
            for kind in ("csv", "xlsx"):
                assert (await ask(old, f"{path}?format={kind}", who)).status_code == 403
    refused = await old.put("lead", f"exports/{uuid_utils.uuid7()}", {"quarter": "2026-Q4", "format": "csv"})
    assert refused == 403


async def test_who_reviews_a_part_takes_away_that_part_however_far_another_post_reads(old: Old) -> None:
    connection = await asyncpg.connect(old.house.settings.dsn("intake_app"))
    for role, unit in ((Role.LEAD, None), (Role.REVIEWER, "xa-mot")):
        await issue_token(connection, old.house.settings.source, role, unit, "hai.viec", LEFT)
    await connection.close()
    told = await tell(old, quarter="2026-Q4", format="csv")
    card = await tell(old, quarter="2026-Q4", format="csv", unit="xa-ba")
    sizes = [one["size"] for one in (await old.client.get("/audit/v1/checkpoints?limit=1000")).json()["items"]]
    async with await signed_in(old, "hai.viec") as browser:
        for path in ("2026-Q4", f"2026-Q4/at/{max(sizes)}"):
            path = f"/reports/v1/scorecards/{path}"
            read = {one["unit"] for one in (await browser.get(path)).json()["cards"]}
            assert {"xa-mot", "xa-ba"} < read
            taken = await browser.get(f"{path}?format=csv&export={told}")
            assert {row["unit"] for row in rows_of(taken.content.decode("utf-8-sig"))} == {"xa-mot"}
            assert (await browser.get(f"{path}/xa-ba")).status_code == 200
            assert (await browser.get(f"{path}/xa-ba?format=csv&export={card}")).status_code == 404


async def signed_in(old: Old, account: str) -> httpx.AsyncClient:
    """A browser of somebody's."""
    connection = await asyncpg.connect(old.house.settings.dsn("intake_app"))
    await connection.execute(
        "INSERT INTO identity.session (token_hash, account, kind, created_at, expires_at) "
        "VALUES ($1, $2, 'browser', now(), now() + interval '1 hour')",
        hash_token("mo-cua"), account,
    )  # fmt: skip
    await connection.close()
    client = old.house.client()
    client.cookies.set(COOKIE, "mo-cua")
    return client


async def exports_until(old: Old, instant: datetime) -> list[dict[str, Any]]:
    """What the log was told of exports, once it was told of one at that instant."""
    async with asyncio.timeout(60):
        while True:
            size = int((await old.get("auditor", "/audit/checkpoint")).text.splitlines()[1])
            bundles = [(await old.get("auditor", f"/audit/{bundle_path(*one)}")).content for one in bundles_of(size)]
            events = [json.loads(entry) for bundle in bundles for entry in decode_bundle(bundle)]
            found = [event for event in events if event["type"] == "kycuong.data.exported.v1"]
            if found and parse_instant(found[-1]["time"]) >= instant:
                return found
            await asyncio.sleep(0.2)


async def test_what_a_program_takes_is_told_in_its_name_once_in_a_quarter_of_an_hour(old: Old) -> None:
    for _ in range(3):
        assert (await ask(old, "2026-Q4?format=csv")).status_code == 200
    assert (await ask(old, "2026-Q4/xa-mot?format=csv")).status_code == 200
    old.clock.set(old.clock.now() + timedelta(minutes=16))
    assert (await ask(old, "2026-Q4?format=csv")).status_code == 200
    quarter = {"quarter": "2026-Q4", "format": "csv", "edition": "live"}
    told = await exports_until(old, old.clock.now())
    assert [{name: value for name, value in event["data"].items() if name != "by"} for event in told] == [
        quarter, quarter | {"unit": "xa-mot"}, quarter,
    ]  # fmt: skip
    assert {event["data"]["by"]["role"] for event in told} == {"reviewer"}


async def test_a_program_reads_the_plain_csv_and_a_person_is_noted(old: Old) -> None:
    path = "/reports/v1/scorecards/2026-Q4?format=csv"
    assert (await ask(old, "2026-Q4?format=csv")).status_code == 200
    assert (await ask(old, "2026-Q4?format=csv&dialect=excel-vi")).status_code == 409
    async with await signed_in(old, "reviewer") as browser:
        assert (await browser.get(path)).status_code == 409
        assert (await browser.get(path.replace("format=csv", ""))).status_code == 200
        told = str(uuid_utils.uuid7())
        headers = {"x-kycuong": "1", "sec-fetch-site": "same-origin"}
        body = {"quarter": "2026-Q4", "format": "csv"}
        assert (await browser.put(f"/intake/v1/exports/{told}", json=body, headers=headers)).status_code == 201
        assert (await browser.get(f"{path}&export={told}")).status_code == 200


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"format": "csv"}, "/quarter"), ({"quarter": "2026-Q5", "format": "csv"}, "/quarter"),
        ({"quarter": "2026-Q4"}, "/format"), ({"quarter": "2026-Q4", "format": "ods"}, "/format"),
        ({"quarter": "2026-Q4", "format": "csv", "edition": "final"}, "/edition"),
        ({"quarter": "2026-Q4", "format": "csv", "unit": "xa-khong-co"}, "/unit"),
        ({"quarter": "2026-Q4", "format": "package", "unit": "xa-mot"}, "/format"),
        ({"quarter": "2026-Q4", "format": "csv", "why": "x"}, "/why"),
    ],
)  # fmt: skip
async def test_what_is_no_export_is_named(old: Old, body: dict[str, Any], pointer: str) -> None:
    headers = {"authorization": f"Bearer {old.tokens['reviewer']}"}
    refused = await old.client.put(f"/intake/v1/exports/{uuid_utils.uuid7()}", json=body, headers=headers)
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, pointer)


async def test_a_crowd_is_served_one_after_another(old: Old) -> None:
    quarter, edition = await published(old)
    answers = await asyncio.gather(*(ask(old, f"{quarter}?edition={edition}&format=pdf") for _ in range(4)))
    assert len({answer.content for answer in answers}) == 1


async def spreadsheet(old: Old, account: str = "published", days: int = 400) -> str:
    connection = await asyncpg.connect(old.house.settings.dsn("intake_app"))
    try:
        return await issue_reading_token(connection, account, timedelta(days=days), LEFT)
    finally:
        await connection.close()


def basic(token: str, user: str = "excel") -> dict[str, str]:
    return {"authorization": "Basic " + base64.b64encode(f"{user}:{token}".encode()).decode()}


async def test_a_spreadsheet_pulls_the_newest_edition_each_day(old: Old) -> None:
    quarter, edition = await published(old)
    token = await spreadsheet(old)
    for headers in ({"authorization": f"Bearer {token}"}, basic(token), basic(token, "")):
        path = f"/reports/v1/scorecards/{quarter}/latest?format=csv&dialect=excel-vi"
        moved = await old.client.get(path, headers=headers)
        assert moved.status_code == 307
        assert f"edition={edition}" in moved.headers["location"]
        answer = await old.client.get(moved.headers["location"], headers=headers)
        assert answer.status_code == 200 and "Mã đơn vị" in answer.text
        held = {**headers, "if-none-match": answer.headers["etag"]}
        assert (await old.client.get(moved.headers["location"], headers=held)).status_code == 304
        for path in (f"{quarter}?edition={edition}", f"{quarter}/xa-mot?edition={edition}"):
            shown = await old.client.get(f"/reports/v1/scorecards/{path}", headers=headers)
            assert shown.status_code == 200
            again = await old.client.get(
                f"/reports/v1/scorecards/{path}", headers={**headers, "if-none-match": etag(shown)}
            )
            assert (again.status_code, again.content) == (304, b"")
        for live in (quarter, f"{quarter}/xa-mot", f"{quarter}?format=csv"):
            refused = await old.client.get(f"/reports/v1/scorecards/{live}", headers=headers)
            assert refused.status_code == 403
            assert refused.json()["detail"] == "Mã này chỉ đọc các bản phiếu điểm đã công bố."


async def test_a_reading_token_is_taken_nowhere_else_and_never_from_an_address(old: Old) -> None:
    quarter, edition = await published(old)
    token, path = await spreadsheet(old), f"/reports/v1/scorecards/{quarter}?edition={edition}"
    for name in ("token", "access_token", "api_key"):
        assert (await old.client.get(f"{path}&{name}={token}")).status_code == 401
    assert (await old.client.get(path, auth=(token, ""))).status_code == 401  # as a name it is none
    assert (await old.client.get(path, auth=("x", old.tokens["reviewer"]))).status_code == 401  # no other by Basic
    for broken in ("Basic", "Basic %%%", "Basic /w==", f"Digest {token}"):
        assert (await old.client.get(path, headers={"authorization": broken})).status_code == 401
    proof = f"/reports/v1/scorecards/{quarter}/xa-mot/proof?edition={edition}"
    assert (await old.client.get(proof, headers=basic(token))).status_code == 403
    told = await tell(old, quarter=quarter, format="csv")
    again = f"/intake/v1/exports/{told}"
    token = await spreadsheet(old, "reviewer")  # of the account that wrote it: the answer is not for the token
    refused = await old.client.put(again, json={"quarter": quarter, "format": "csv"}, headers=basic(token))
    assert refused.status_code == 403


async def test_a_reading_token_ends_when_an_administrator_says_so(old: Old) -> None:
    quarter, edition = await published(old)
    kept, gone = await spreadsheet(old, "excel.mot"), await spreadsheet(old, "excel.hai")
    connection = await asyncpg.connect(old.house.settings.dsn("intake_app"))
    admin = await issue_token(connection, old.house.settings.source, Role.ADMIN, None, None, LEFT)
    await connection.close()
    headers = {"authorization": f"Bearer {admin}"}
    listed = (await old.client.get("/intake/v1/tokens", headers=headers)).json()["items"]
    assert {one["account"]: one["reads"] for one in listed} == {"excel.mot": "published", "excel.hai": "published"}
    assert gone not in json.dumps(listed)
    [shown] = [one["id"] for one in listed if one["account"] == "excel.hai"]
    ended = await old.client.post(f"/intake/v1/tokens/{shown}/revocation", headers=headers)
    assert (ended.status_code, ended.content) == (204, b"")
    assert (await old.client.post(f"/intake/v1/tokens/{shown}/revocation", headers=headers)).status_code == 404
    path = f"/reports/v1/scorecards/{quarter}?edition={edition}"
    assert (await old.client.get(path, headers=basic(gone))).status_code == 401
    assert (await old.client.get(path, headers=basic(kept))).status_code == 200
    assert (await old.client.get("/intake/v1/tokens", headers=basic(kept))).status_code == 403


async def test_an_administrator_makes_a_token_once_and_sees_when_it_was_used(old: Old) -> None:
    quarter, edition = await published(old)
    connection = await asyncpg.connect(old.house.settings.dsn("intake_app"))
    admin = await issue_token(connection, old.house.settings.source, Role.ADMIN, None, None, LEFT)
    await connection.execute("INSERT INTO identity.account VALUES ('excel.khoa', null, null, now(), now())")
    await connection.close()
    headers = {"authorization": f"Bearer {admin}"}
    made = await old.client.post("/intake/v1/tokens", json={"account": "excel.ba", "days": 30}, headers=headers)
    assert (made.status_code, made.headers["cache-control"]) == (201, "no-store")
    told = made.json()
    assert set(told) == {"id", "account", "reads", "expires_at", "token"} and told["token"].startswith("published.")

    async def listed() -> dict[str, Any]:
        items = (await old.client.get("/intake/v1/tokens", headers=headers)).json()["items"]
        return next(one for one in items if one["id"] == told["id"])

    assert (await listed())["used_at"] is None and told["token"] not in json.dumps(await listed())
    path = f"/reports/v1/scorecards/{quarter}?edition={edition}"
    assert (await old.client.get(path, headers=basic(told["token"]))).status_code == 200
    used = (await listed())["used_at"]
    assert (await old.client.get(path, headers=basic(told["token"]))).status_code == 200
    assert used is not None and (await listed())["used_at"] == used  # to the hour: a pull is no write each time
    for body, pointer in (
        ({"account": "Excel Ba"}, "/account"), ({"account": "excel.ba", "days": 401}, "/days"), ({}, "/account"),
        ({"account": "excel.khoa"}, "/account"), ({"account": "excel.ba", "role": "admin"}, "/role"),
    ):  # fmt: skip
        refused = await old.client.post("/intake/v1/tokens", json=body, headers=headers)
        assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, pointer)
    for wrong, status in (("[", 400), ("[]", 422)):
        typed = headers | {"content-type": "application/json"}
        assert (await old.client.post("/intake/v1/tokens", content=wrong, headers=typed)).status_code == status


async def test_a_token_whose_answer_was_lost_is_told_again_until_it_is_used(old: Old) -> None:
    connection = await asyncpg.connect(old.house.settings.dsn("intake_app"))
    source = old.house.settings.source
    admins = [await issue_token(connection, source, Role.ADMIN, None, name, LEFT) for name in ("tt-mot", "tt-hai")]
    await connection.close()

    async def post(body: dict[str, Any], admin: int = 0) -> httpx.Response:
        headers = {"authorization": f"Bearer {admins[admin]}"}
        return await old.client.post("/intake/v1/tokens", json=body, headers=headers)

    asked = {"id": fresh(), "account": "excel.mat-tin", "days": 30}
    made, again = await post(asked), await post(asked)
    assert (made.status_code, again.status_code) == (201, 200) and made.json() == again.json()
    anothers = await post(asked, 1)
    assert anothers.status_code == 201 and anothers.json()["token"] != made.json()["token"]
    assert (await post({"account": "excel.mat-tin", "days": 30})).json()["token"] != made.json()["token"]
    for changed in ({"account": "excel.khac"}, {"days": 31}):
        assert (await post(asked | changed)).json()["type"] == "/problems/id-reused"
    assert (await post(asked | {"id": "1"})).json()["errors"][0]["pointer"] == "/id"
    token, key = made.json()["token"], made.json()["id"]
    assert (await old.client.get("/reports/v1/editions", headers=basic(token))).status_code == 200
    assert (await post(asked)).json() == {name: value for name, value in made.json().items() if name != "token"}
    ended = await old.client.post(
        f"/intake/v1/tokens/{key}/revocation", headers={"authorization": f"Bearer {admins[0]}"}
    )
    assert ended.status_code == 204
    assert (await post(asked)).json()["type"] == "/problems/wrong-state"


async def test_the_code_on_a_paper_leads_to_its_check(old: Old, tmp_path: Path) -> None:
    quarter, edition = await published(old)
    body = (await ask(old, f"{quarter}?edition={edition}&format=docx")).content
    address = read_code(body, tmp_path)
    page = await old.client.get(address)  # nobody signs in to check a paper
    assert page.status_code == 200 and "<b>Khớp.</b>" in page.text
    forged = address.replace("size=", "size=9")
    assert "Không khớp!" in (await old.client.get(forged)).text
    assert "Chưa công bố." in (await old.client.get(address.replace(edition, "restated-7"))).text
    for broken in (address[:-9], address.replace("root=", "root=%"), address.replace(quarter, "2026")):
        assert (await old.client.get(broken)).status_code == 404
    told = await tell(old, quarter="2026-Q4", format="docx")
    live = read_code((await ask(old, f"2026-Q4?format=docx&export={told}")).content, tmp_path)
    assert "<b>Khớp.</b>" in (await old.client.get(live)).text
    moved = re.sub(r"size=\d+", "size=1", live)
    assert "<b>Khớp.</b>" not in (await old.client.get(moved)).text
