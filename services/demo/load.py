"""Loads the demo province into a running instance through its public batch, and waits until the cards are served."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

import httpx
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from services.demo.batches import PREFIX, Batch, Sender, head_of, waves
from services.demo.history import CLOSED_QUARTERS, PUBLISHED, REVIEWER, publication_of, story
from services.demo.ids import Ids
from services.demo.schedule import FIRST_DAY, INSPECTORS, PHU_LAM, TAN_HOA
from services.domain.catalogue import in_force
from services.domain.rulefiles import load_calendar, load_catalogues
from services.kernel.process.pauses import pauses
from services.kernel.quarters import ICT, local_date, quarter_of

TokenFor = Callable[[str, str | None, str], Awaitable[str]]
"""A bearer token of (role, unit, account); account and appointment are made if missing, valid in the whole story."""
Report = Callable[[int, int, str], None]
"""Lines done, lines in all, what is being filed."""

CLOCK_HEADER = "X-Kycuong-Clock"
_AT_ONCE = 8
_CREATED, _KNOWN = 201, 200
_PATIENCE = 120.0
_PAUSES = (*islice(pauses(0.1, 8.0), 7),)  # seconds between attempts


class LoadFailed(RuntimeError):
    """The load stopped; the message says where, why, and what to do."""


@dataclass(frozen=True, slots=True)
class Summary:
    """What the load did: lines filed now, lines that were there already, time, and the log it made."""

    created: int
    repeated: int
    batches: int
    seconds: float
    log_size: int

    def sentences(self) -> str:
        """The load in a sentence or two, in Vietnamese."""
        lines, seconds = _thousands(self.created + self.repeated), f"{self.seconds:.1f}".replace(".", ",")
        filed = f"Đã nạp {lines} dòng trong {_thousands(self.batches)} lô, {seconds} giây"
        kept = f" ({_thousands(self.repeated)} dòng đã có từ lần trước)" if self.repeated else ""
        log = f"Nhật ký có {_thousands(self.log_size)} mục"
        return f"{filed}{kept}. {log}; Quý II và Quý III/2026 đã chốt, Quý II đã công bố."


async def load(
    base_url: str, token_for: TokenFor, *, seed: int, now: datetime, progress: Report | None = None
) -> Summary:
    """File the whole story and wait for the closed quarters; LoadFailed on the first unexpected answer.

    A second run with the same seed goes on where a stopped one ended: known lines are answered 200.
    """
    started = time.monotonic()
    batches = list(story(seed, now, in_force(load_catalogues(), FIRST_DAY), load_calendar()))
    publication = publication_of(batches, Ids(seed))
    lines = sum(len(batch.lines) for batch in (*batches, publication))
    limits = httpx.Limits(max_connections=_AT_ONCE + 2)
    async with httpx.AsyncClient(base_url=base_url, timeout=60, trust_env=False, limits=limits) as client:
        loading = _Loading(client, token_for, lines, progress or _quiet)
        await loading.file(batches)
        await loading.publish(publication)
        size = await loading.wait_for_reports([batch for batch in batches if batch.clock == batches[-1].clock])
    return Summary(loading.created, loading.repeated, len(batches) + 1, time.monotonic() - started, size)


@contextmanager
def progress_on_terminal(console: Console | None = None) -> Iterator[Report]:
    """A bar on a terminal, nothing in a pipe."""
    console = console or Console(stderr=True)
    if not console.is_terminal:
        yield _quiet
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as bar:
        task = bar.add_task("Nạp tỉnh An Sơn")

        def report(done: int, total: int, what: str) -> None:
            bar.update(task, completed=done, total=total, description=what)

        yield report


def _quiet(done: int, total: int, what: str) -> None:
    """No report."""


class _Loading:
    """One load under way."""

    def __init__(self, client: httpx.AsyncClient, token_for: TokenFor, total: int, report: Report) -> None:
        self._client, self._token_for = client, token_for
        self._total, self._report = total, report
        self._tokens: dict[Sender, str] = {}
        self._slots = asyncio.Semaphore(_AT_ONCE)
        self.created = self.repeated = 0

    async def file(self, batches: list[Batch]) -> None:
        """File wave after wave: a wave's batches share a moment and go together."""
        staffed = False
        for wave in waves(iter(batches)):
            if not staffed and any(batch.sender.role == "inspector" for batch in wave):
                await self._fill_posts()
                staffed = True
            await _all(self._file(batch) for batch in wave)
            await _all(self._in_the_log(batch) for batch in wave if batch.cuts)
            done = self.created + self.repeated
            self._report(done, self._total, f"Nạp tỉnh An Sơn · {_day(wave[0].clock)}")

    async def _in_the_log(self, batch: Batch) -> None:
        """Wait for a cut to be in the log: it waits there for all older writes, and newer ones could overtake it."""
        await self._poll(_receipt_of(batch), await self._headers(REVIEWER), _covered)

    async def _headers(self, sender: Sender) -> dict[str, str]:
        return {"Authorization": f"Bearer {await self._token(sender)}"}

    async def _fill_posts(self) -> None:
        """A team may name only accounts that exist, and only a head in post has notices of what is found."""
        for sender in (*(Sender("inspector", account) for account in INSPECTORS), *map(head_of, (TAN_HOA, PHU_LAM))):
            await self._token(sender)

    async def _token(self, sender: Sender) -> str:
        if sender not in self._tokens:
            self._tokens[sender] = await self._token_for(sender.role, sender.unit, sender.account)
        return self._tokens[sender]

    async def _file(self, batch: Batch) -> None:
        """File a batch; while the server says that it cannot just now, wait and file it again."""
        created: set[int] = set()
        async with self._slots:
            for pause in (*_PAUSES, None):
                answers = await self._post(batch)
                created |= {answer["line"] for answer in answers if answer["status"] == _CREATED}
                refused = next((answer for answer in answers if answer["status"] not in (_CREATED, _KNOWN)), None)
                if refused is None:
                    break
                if pause is None or not _passes(refused):
                    raise LoadFailed(_refusal(batch, refused))
                await asyncio.sleep(pause)
        self.created += len(created)
        self.repeated += len(batch.lines) - len(created)

    async def _post(self, batch: Batch) -> list[dict[str, Any]]:
        headers = await self._headers(batch.sender) | {
            "Content-Type": "application/x-ndjson",
            "Accept-Language": "vi",
            CLOCK_HEADER: batch.clock.isoformat(),
        }
        try:
            answer = await self._client.post(f"{PREFIX}batch", content=batch.body(), headers=headers)
        except httpx.HTTPError as error:
            raise LoadFailed(
                f"Không nối được với {self._client.base_url} ({type(error).__name__}). "
                "Dữ liệu đã nạp vẫn còn; hãy chạy lại lệnh này để nạp tiếp."
            ) from error
        if answer.status_code != 200:
            return [{"line": 0, "status": answer.status_code, "body": _problem(answer)}]
        answers = [json.loads(line) for line in answer.text.splitlines()]
        if len(answers) != len(batch.lines):
            raise LoadFailed(
                f"Lô {_where(batch)} có {len(batch.lines)} dòng nhưng máy chủ trả lời {len(answers)} dòng."
            )
        return answers

    async def publish(self, publication: Batch) -> None:
        """Publish a closed quarter: the root of its cards is what was frozen, which only the server knows."""
        headers = await self._headers(REVIEWER)
        frozen = f"/reports/v1/scorecards/{PUBLISHED}?edition=official"
        await self._poll(frozen, headers, _shown_size)
        root = (await self._client.get(frozen, headers=headers)).json()["cards_root"]
        for line in publication.lines:
            line.body["cards_root"] = root
        await self._file(publication)

    async def wait_for_reports(self, last: list[Batch]) -> int:
        """Wait until reports show the closed quarters and all that was filed; the log's size then."""
        headers = await self._headers(REVIEWER)
        self._report(self._total, self._total, "Chờ phiếu điểm của các quý đã chốt")
        await _all(self._poll(_receipt_of(batch), headers, _covered) for batch in last)
        size = await self._poll("/audit/checkpoint", headers, _size_of)
        for quarter in CLOSED_QUARTERS:
            await self._poll(f"/reports/v1/scorecards/{quarter}?edition=official", headers, _shown_size)
        running = quarter_of(local_date(last[0].clock))
        await self._poll(
            f"/reports/v1/scorecards/{running}", headers, lambda answer: (_shown_size(answer) or 0) >= size or None
        )
        return size

    async def _poll(self, path: str, headers: dict[str, str], read: Callable[[httpx.Response], int | None]) -> int:
        """Ask until the answer says what is wanted."""
        deadline = time.monotonic() + _PATIENCE
        while time.monotonic() < deadline:
            answer = await self._client.get(path, headers=headers)
            found = read(answer) if answer.status_code == 200 else None
            if found is not None:
                return found
            await asyncio.sleep(0.1)
        raise LoadFailed(
            f"Sau {_PATIENCE:.0f} giây {path.partition('?')[0]} vẫn chưa theo kịp dữ liệu đã nạp "
            f"(trả lời {answer.status_code}); hãy xem nhật ký lỗi ở stderr."
        )


async def _all(work: Iterable[Coroutine[Any, Any, object]]) -> None:
    """Run together; the first failure ends the others and is raised itself."""
    try:
        async with asyncio.TaskGroup() as group:
            for one in work:
                group.create_task(one)
    except ExceptionGroup as failures:
        raise failures.exceptions[0] from failures


def _receipt_of(batch: Batch) -> str:
    return f"/audit/v1/receipts/{batch.lines[-1].path.rpartition('/')[2]}?wait=5"


def _covered(answer: httpx.Response) -> int | None:
    """Any receipt will do: it exists once a checkpoint covers the write."""
    return len(answer.content)


def _size_of(answer: httpx.Response) -> int | None:
    """The tree size on a checkpoint's second line."""
    return int(answer.text.splitlines()[1])


def _shown_size(answer: httpx.Response) -> int | None:
    """The tree size that cards were computed at."""
    return int(answer.json()["log"]["size"])


def _passes(refused: dict[str, Any]) -> bool:
    """Whether waiting helps: the server is busy, or a lapse is on its way."""
    return refused["status"] in (429, 503) or _slug(refused["body"]) == "reply-window-open"


def _slug(problem: dict[str, Any]) -> str:
    return str(problem.get("type", "")).removeprefix("/problems/")


def _problem(answer: httpx.Response) -> dict[str, Any]:
    try:
        body = answer.json()
    except ValueError:
        return {"detail": answer.text[:200]}
    return body if isinstance(body, dict) else {"detail": answer.text[:200]}


def _refusal(batch: Batch, refused: dict[str, Any]) -> str:
    """Which line was refused, and in the server's words why."""
    problem = refused["body"]
    number = refused["line"]
    line = (
        f"dòng {number} (PUT {PREFIX}{batch.lines[number - 1].path}) của {_where(batch)}" if number else _where(batch)
    )
    words = [problem.get("title"), problem.get("detail")]
    words += [f"{error['pointer']} {error['detail']}" for error in problem.get("errors", [])]
    why = " ".join(dict.fromkeys(str(word) for word in words if word))
    refusal = f"Máy chủ từ chối {line}: {refused['status']} {_slug(problem)}. {why}"
    return f"{refusal} Lần nạp dừng ở đây; dữ liệu trước đó vẫn còn."


def _where(batch: Batch) -> str:
    return f"lô của {batch.sender.account} lúc {batch.clock.astimezone(ICT):%H:%M %d/%m/%Y}"


def _day(clock: datetime) -> str:
    return f"{clock.astimezone(ICT):%d/%m/%Y}"


def _thousands(number: int) -> str:
    """A number as written in Vietnam: 12.471."""
    return f"{number:,}".replace(",", ".")
