"""`kycuong scorecard recompute`: the log verified, and a quarter's cards computed from it, without any database."""

from __future__ import annotations

import asyncio
import gc
import json
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import click

from services.audit.verifier.cli import TOKEN, VKEY, asking
from services.audit.verifier.faults import BadLog
from services.audit.verifier.reading import Place, own_keys, proven_root
from services.audit.verifier.sources import HttpSource, Source
from services.audit.verifier.trust import Trust
from services.audit.verifier.verify import Asked, read_checkpoint, verify
from services.kernel.log.note import Checkpoint
from services.kernel.progress import bar
from services.kernel.quarters import quarter_days
from services.reports.editions.fitting import fitted
from services.reports.facts.facts import Unfoldable
from services.reports.facts.picked import Picking
from services.reports.fold.cores import CasesFile, Stopped
from services.reports.fold.recompute import LIVE, Difference, Made, Recomputing, Told, first_difference, is_part
from services.reports.scoring.comparison.rules import Comparison
from services.reports.scoring.comparison.tally import Seen
from services.reports.text import dump

EDITION = re.compile(r"flash|official|restated-[1-9][0-9]{0,3}")
_CARDS = "/reports/v1/scorecards/"


def _quarter(_context: click.Context, _parameter: click.Parameter, text: str) -> str:
    try:
        quarter_days(text)
    except ValueError:
        raise click.BadParameter(
            f"{text}: phải là một quý, ví dụ 2026-Q3 / must be a quarter, such as 2026-Q3"
        ) from None
    return text


def _edition(_context: click.Context, _parameter: click.Parameter, text: str | None) -> str | None:
    if text is not None and EDITION.fullmatch(text) is None:
        raise click.BadParameter(f"{text}: flash, official, restated-1, restated-2…")
    return text


@click.command("recompute")
@click.option("--log", "place", required=True, metavar="DIR|URL", help="Bản chép nhật ký, hoặc …/audit/ / the log.")
@click.option("--quarter", required=True, callback=_quarter, metavar="YYYY-Qn", help="Quý / the quarter.")
@click.option("--size", type=click.IntRange(0), help="Như ở cỡ nhật ký này / as known at this size of the log.")
@click.option("--edition", callback=_edition, help="Một bản đã chốt / a frozen edition: flash, official, restated-1…")
@click.option(
    "--against", metavar="URL|FILE",
    help="So với danh sách hay phiếu như GET trả lời / compare with a list or card as GET answers it.",
)  # fmt: skip
@VKEY
@TOKEN
def recompute(
    place: str, quarter: str, size: int | None, edition: str | None, against: str | None, vkeys: tuple[str, ...],
    token: str | None,
) -> None:  # fmt: skip
    """Tính lại phiếu điểm của một quý chỉ từ nhật ký / compute a quarter's cards from the log alone.

    Nhật ký được kiểm chứng như `log verify`. Không có --size, --edition thì tính như hiện nay, hoặc như --against ghi.
    Mã thoát / exit code 0: đúng / the same. 1: nhật ký sai, hoặc điểm khác đầu tiên / the log is bad, or the first
    difference. 2: không đọc được / cannot be read.
    """
    if size is not None and edition is not None:
        raise click.UsageError("chọn --size hoặc --edition, không cả hai / give --size or --edition, not both")
    gc.disable()  # nothing here goes in circles, and a large log makes millions of small things
    with (
        asking(),
        closing(Place(place, token).open()) as source,
        _told(against, quarter, size, edition, _token_for(against, place, token)) as told,
    ):
        try:
            made = _made(
                source, Place(place, token), Trust.read(vkeys or own_keys(source)), quarter, size, edition, told
            )
        except (BadLog, Unfoldable) as fault:
            raise click.ClickException(str(fault)) from fault
        except Stopped as fault:  # no verdict
            raise click.UsageError(str(fault)) from fault
    if not vkeys:
        click.echo("khóa là do chính nơi này đưa ra / the key is this place's own word: --vkey", err=True)
    sys.exit(_say(quarter, made, told))


def _made(
    source: Source, place: Place, trust: Trust, quarter: str, size: int | None, edition: str | None,
    answer: Mapping[str, Any] | None,
) -> Made:  # fmt: skip
    checkpoint, told = read_checkpoint(source, trust)[0].checkpoint, None if answer is None else Told.of(answer)
    edition, size = _asked(checkpoint, size, edition, told)
    nothing_told = told is not None and told.edition == LIVE and not told.compares
    with closing(CasesFile()) as cases:
        work = Recomputing(
            quarter, lambda n: proven_root(source, n, checkpoint), cases, edition=edition, size=size,
            unit=str(answer["unit"]) if answer and "unit" in answer else None,
            compare=None if nothing_told else _compare,
            fitted_at=None if told is None or told.fitted_at is None else min(told.fitted_at, size),
        )  # fmt: skip
        with bar("recompute") as progress:
            verdict = verify(place, trust, Asked(progress=progress, pick=Picking, take=work.take))
        if not verdict.ok:
            raise click.ClickException(verdict.error or "")
        made = work.end()
    if made is None:
        raise click.UsageError(
            f"nhật ký chưa chốt {quarter} bản {edition} / the log has no closing of {quarter} as {edition}"
        )
    return made


def _compare(rules: Comparison, quarter: str, units: Mapping[str, Seen]) -> Mapping[str, dict[str, Any]]:
    return asyncio.run(fitted(rules, quarter, units))


def _asked(checkpoint: Checkpoint, size: int | None, edition: str | None, told: Told | None) -> tuple[str, int]:
    """What is to be computed: what was asked for, else what the answer says it is of."""
    if size is None and edition is None and told is not None:
        edition, size = (None, told.size) if told.edition == LIVE else (told.edition, None)
    if size is not None and size > checkpoint.size:
        raise click.UsageError(
            f"{size}: nhật ký ở đây mới có {checkpoint.size} mục / the log here has {checkpoint.size} entries"
        )
    return edition or LIVE, checkpoint.size if size is None else size


def _say(quarter: str, made: Made, told: Mapping[str, Any] | None) -> int:
    head = f"{quarter} {made.edition}: {len(made.rows)} phiếu / cards, size {made.head.size}"
    found = None
    if told is not None:
        found = first_difference(told, made.listing(told.get("group")) if "cards" in told else made.card or {})
    elif made.other_roots and made.published_at is None:
        found = Difference("-", "cards_root", made.other_roots[0], made.cards_root)
    if found is None:
        compared = "" if told is None else f" – {len(told.get('cards', [told]))} phiếu khớp / cards equal --against"
        if told is not None and is_part(told):
            compared += " (một phần danh sách / a part of the list)"
        click.echo(f"ĐẠT / OK: {head}, cards_root {made.cards_root}{compared}")
        return 0
    click.echo(
        f"KHÁC / DIFFERS: {head}: {found.unit}: {found.field}: "
        f"nơi kia / told {dump(found.told)}, tính ra / computed {dump(found.computed)}"
    )
    return 1


def _token_for(against: str | None, place: str, token: str | None) -> str | None:
    """The log's token is for the log's own server; for any where the log is a folder."""
    log = urlsplit(place)
    return token if log.scheme not in ("http", "https") or urlsplit(against or "").netloc == log.netloc else None


@contextmanager
def _told(
    against: str | None, quarter: str, size: int | None, edition: str | None, token: str | None
) -> Iterator[dict[str, Any] | None]:
    """The answer to compare with; UsageError when there is none."""
    yield None if against is None else _read(against, _fetched(against, quarter, size, edition, token))


def _fetched(against: str, quarter: str, size: int | None, edition: str | None, token: str | None) -> bytes:
    if not against.startswith(("http://", "https://")):
        return Path(against).read_bytes()
    place, path = _address(against, quarter, size, edition)
    with closing(HttpSource(place, token)) as source:
        answer = source.get(path)
    if answer is None:
        raise click.UsageError(f"{against}: không có / there is none")
    return answer


def _address(against: str, quarter: str, size: int | None, edition: str | None) -> tuple[str, str]:
    """The server and the path: an address without one means this quarter's list."""
    parts = urlsplit(against)
    place = f"{parts.scheme}://{parts.netloc}/"
    if _CARDS in parts.path:
        return place, parts.path.lstrip("/") + (f"?{parts.query}" if parts.query else "")
    path = f"{_CARDS.lstrip('/')}{quarter}" + (f"/at/{size}" if size is not None else "")
    query = parse_qs(parts.query) | ({"edition": [edition]} if edition else {})
    return place, path + (f"?{urlencode(query, doseq=True)}" if query else "")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object; ValueError where a name stands twice, for then two readers read two things."""
    read = dict(pairs)
    if len(read) < len(pairs):
        raise ValueError
    return read


def _read(against: str, raw: bytes) -> dict[str, Any]:
    try:
        told = json.loads(raw, object_pairs_hook=_once)
    except (ValueError, RecursionError):
        told = None
    if not isinstance(told, dict) or not ("cards" in told or "unit" in told):
        raise click.UsageError(
            f"{against}: không phải danh sách hay phiếu điểm dạng JSON / neither a list nor a card as JSON"
        )
    rows = told.get("cards", [])
    if not isinstance(rows, list) or not all(
        isinstance(row, dict) and isinstance(row.get("unit"), str) for row in rows
    ):
        raise click.UsageError(f"{against}: danh sách hỏng / the list's cards are no cards")
    return told
