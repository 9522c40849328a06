"""Many writes in one request: NDJSON in, a status a line out; one bad line never costs another."""

import asyncio
import json
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any, TypeVar, cast

from fastapi import Request
from starlette.responses import Response

from services.intake.writing.commands import Command, Nouns, read_command
from services.intake.writing.service import Service
from services.intake.writing.writes import Answer
from services.kernel.identity.authentication import authenticate, hash_token, token_of
from services.kernel.problems import (
    BadJson,
    Forbidden,
    Language,
    MethodNotAllowed,
    NotFound,
    Problem,
    TooLarge,
    Unauthorized,
    invalid,
    language_of,
)
from services.kernel.process.telemetry import trace_headers
from services.kernel.quarters import parse_instant
from services.kernel.strict_json import parse
from services.kernel.web.app import measure_body, read_body, require_head
from services.kernel.web.rendering import as_problem

MEDIA_TYPE = "application/x-ndjson"
MAX_BYTES = 16 * 1024 * 1024
MAX_LINES = 5_000
CHUNK = 500
AHEAD = 2  # chunks that wait to be stored while the next one is read
MAX_LINE_BODY = 64 * 1024
MAX_LINE = 8 * MAX_LINE_BODY  # with all its escapes and blanks
CLOCK = "X-Kycuong-Clock"
T = TypeVar("T")
Outcome = Answer | BaseException
_LINE = {
    "type": "object",
    "required": ["method", "path", "body"],
    "properties": {"method": {"const": "PUT"}, "path": {"type": "string"}, "body": {"type": "object"}},
}
DESCRIBED: dict[str, Any] = {
    "requestBody": {"required": True, "content": {MEDIA_TYPE: {"schema": {"type": "string"}, "x-line-schema": _LINE}}},
}


async def post(request: Request) -> Response:
    """Store up to 5,000 writes; the answer has a line for each, in order."""
    service = cast(Service, request.app.state.service)
    require_head(request, MAX_BYTES, MEDIA_TYPE)
    token = token_of(request)
    try:
        await authenticate(service.pool, token)
    except Unauthorized:
        _require_few(await measure_body(request, MAX_BYTES))  # size is told first, and a stranger's lines are not kept
        raise
    raw = await read_body(request, MAX_BYTES, MEDIA_TYPE)
    raw = raw.removesuffix(b"\n")
    _require_few(raw.count(b"\n") + 1)
    lines = raw.split(b"\n")
    clock = _clock(request, service)
    service.require_writable()
    if clock is not None:
        await service.let_lapse(service, clock)
    language = language_of(request.headers)
    return Response(
        await _answer_lines(service, lines, hash_token(cast(str, token)), clock, language), media_type=MEDIA_TYPE
    )


def _require_few(lines: int) -> None:
    if lines > MAX_LINES:
        raise TooLarge((f"Quá {MAX_LINES} dòng; hãy chia nhỏ.", f"More than {MAX_LINES} lines; split the batch."))


def _clock(request: Request, service: Service) -> datetime | None:
    text = request.headers.get(CLOCK)
    if text is None:
        return None
    if service.settings.folder.load_begun is None:
        raise Forbidden((
            "Chỉ khi nạp thư mục demo mới đặt được đồng hồ.",
            "Only while a demo folder is being loaded may a load set the clock.",
        ))  # fmt: skip
    try:
        return parse_instant(text)
    except ValueError:
        raise invalid(f"/{CLOCK}", "phải là thời điểm RFC 3339", "must be an RFC 3339 date-time") from None


async def _answer_lines(
    service: Service, lines: list[bytes], token: bytes, clock: datetime | None, language: Language
) -> bytes:
    numbered = [(number, line) for number, line in enumerate(lines, start=1) if line.strip()]
    trace = trace_headers()
    outcomes = await settle(
        service, [line for _, line in numbered], lambda line: read_line(service.nouns, line, token, clock, trace)
    )
    told = [(number, outcome) for (number, _), outcome in zip(numbered, outcomes, strict=True)]
    return b"".join(await service.slices.map(lambda one: answer_line(*one, language), told))


async def settle(service: Service, items: Sequence[T], read: Callable[[T], Command | Problem]) -> list[Outcome]:
    """Read items as commands and store them in order, a chunk being read while others are stored; what became of each.

    The batch waits for its own chunks, so it never fills the queue for others.
    """
    storing: deque[asyncio.Task[list[Outcome]]] = deque()
    store = partial(_store, service, object())
    outcomes: list[Outcome] = []
    for start in range(0, len(items), CHUNK):
        commands = await service.slices.map(read, items[start : start + CHUNK])
        storing.append(asyncio.create_task(store(commands)))
        if len(storing) > AHEAD:
            outcomes += await storing.popleft()
    return outcomes + [outcome for chunk in storing for outcome in await chunk]


async def _store(service: Service, lane: object, read: Sequence[Command | Problem]) -> list[Outcome]:
    commands = [one for one in read if isinstance(one, Command)]
    answers = iter(await service.batcher.submit_many(commands, lane))
    return [next(answers) if isinstance(one, Command) else one for one in read]


def read_line(
    nouns: Nouns, line: bytes, token: bytes, clock: datetime | None, trace: Mapping[str, str]
) -> Command | Problem:
    """One line as a command, or why it is none."""
    try:
        if len(line) > MAX_LINE:
            raise TooLarge
        asked = parse(line)
        if not isinstance(asked, dict) or not isinstance(asked.get("path"), str) or "body" not in asked:
            raise BadJson((
                "Mỗi dòng là một đối tượng có method, path và body.",
                "Each line is an object with method, path and body.",
            ))  # fmt: skip
        if asked.get("method") != "PUT":
            raise MethodNotAllowed
        body = asked["body"]
        if (
            len(line) > MAX_LINE_BODY
            and len(json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()) > MAX_LINE_BODY
        ):
            raise TooLarge
        found = nouns.find(asked["path"])
        if found is None:
            raise NotFound
    except Problem as problem:
        return problem
    command = read_command(*found, body, token)
    command.at = clock
    command.traceparent, command.tracestate = trace.get("traceparent"), trace.get("tracestate")
    return command


def answer_line(number: int, answer: Answer | BaseException, language: Language) -> bytes:
    """What became of one line, as a line."""
    if isinstance(answer, Answer):
        return b'{"line":%d,"status":%d,"body":%b}\n' % (number, answer.status, answer.body)
    if not isinstance(answer, Exception):
        raise answer
    problem = as_problem(answer)
    body = json.dumps(problem.body(language, "/intake/v1/batch"), ensure_ascii=False).encode()
    return b'{"line":%d,"status":%d,"body":%b}\n' % (number, problem.status, body)
