"""The first events of a log: the rules by which everything after them is read; a newer program adds its own."""

import json
import logging
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

from services.domain.calendar import version_number
from services.domain.rulefiles import SCHEMAS, BadRuleFile, Genesis, calendar_files, genesis
from services.intake.calendars.store import published_versions, store_calendars
from services.intake.replay.sql import QUERIES
from services.intake.writing.events import Numbers, system_event
from services.intake.writing.storing import lock_units, store_writes
from services.kernel.envelope import NO_UNIT, genesis_id
from services.kernel.process.folder import Folder
from services.kernel.process.loops import StartRefused
from services.kernel.store.db import Connection, Pool, transaction

AUTHOR = "system"
CALENDAR = "kycuong.calendar.published.v1"
log = logging.getLogger(__name__)


async def publish_rules(pool: Pool, source: str, now: datetime, schemas: Path = SCHEMAS) -> int:
    """Put catalogue, scoring and calendar versions that the log has not seen into it, once; returns how many.

    BadRuleFile when a file is not what the log has of its version.
    """
    rules = _rules(schemas)
    async with transaction(pool) as connection:
        numbers = Numbers(await lock_units(connection, [NO_UNIT]))
        known = {row["id"]: row["answer"] for row in await connection.fetch(QUERIES.genesis_known, list(rules))}
        _refuse_changed(rules, known)
        published = await published_versions(connection)
        fresh = {key: rule for key, rule in rules.items() if key not in known and not _overtaken(rule, published)}
        events = [
            system_event(source, key, rule.type, rule.subject, now, NO_UNIT, numbers.next(NO_UNIT), rule.data)
            for key, rule in fresh.items()
        ]
        if events:
            writes = [(event.id, AUTHOR, b"", event.bytes, now) for event in events]
            await store_writes(connection, writes, events, numbers, now)
        await _keep_calendars(connection, {*known, *fresh}, schemas)
    # a crash before this line leaves none of them, after it all
    return len(events)


async def require_own(source: Pool | Connection, folder: Folder) -> None:
    """StartRefused when the database's first events are of another log than the folder's.

    That log refuses for good what is written under another name.
    """
    rows = await source.fetch(QUERIES.genesis_known, list(_rules(SCHEMAS)))
    sources = {str(json.loads(row["answer"])["source"]) for row in rows}
    own = " ".join(sorted(one.removeprefix("//").removesuffix("/intake") for one in sources))
    if own and folder.origin() != own:
        raise StartRefused(
            f"log/origin ghi nhật ký {folder.origin()}, còn cơ sở dữ liệu là của nhật ký {own}: hãy đặt lại đúng thư "
            f"mục log/ từ bản sao, hoặc đúng cơ sở dữ liệu / log/origin names the log {folder.origin()}, and the "
            f"database is of the log {own}: put the right folder log/ back from its copy, or the right database"
        )


async def require_unchanged(pool: Pool, schemas: Path = SCHEMAS) -> None:
    """BadRuleFile when a file is not what the database knows that the log has of its version."""
    rules = _rules(schemas)
    rows = await pool.fetch(QUERIES.genesis_known, list(rules))
    _refuse_changed(rules, {row["id"]: row["answer"] for row in rows})


def _rules(schemas: Path) -> dict[str, Genesis]:
    return {genesis_id(rule.type, rule.version): rule for rule in genesis(schemas)}


def _refuse_changed(rules: Mapping[str, Genesis], known: Mapping[str, bytes]) -> None:
    """What was published never changes: findings were judged by it, and the log pins its bytes."""
    for key, published in known.items():
        if json.loads(published)["data"]["sha256"] != rules[key].data["sha256"]:
            raise BadRuleFile(
                f"{rules[key].subject}.json",
                "khác với bản đã công bố trong nhật ký; nội dung mới cần phiên bản mới",
                "is not what the log has of this version, and other content needs another version",
            )


def _overtaken(rule: Genesis, published: Sequence[str]) -> bool:
    """Whether an administrator has published this calendar's version, or a later one, meanwhile."""
    if rule.type != CALENDAR or all(version_number(rule.version) > version_number(one) for one in published):
        return False
    log.warning("calendar %s of the program is not published: the log has %s", rule.version, max(published))
    return True


async def _keep_calendars(connection: Connection, ids: set[str], schemas: Path) -> None:
    """Have the text of every published calendar at hand, also of those that an earlier program published."""
    rows = [(version, genesis_id(CALENDAR, version), text) for version, text in calendar_files(schemas)]
    await store_calendars(connection, [row for row in rows if row[1] in ids])
