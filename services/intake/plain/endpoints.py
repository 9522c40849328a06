"""Cases for a browser without scripts: listed, read, answered and decided by forms that it sends by itself.

A form has its write's id from when it was drawn: sent twice it is one write. What is refused is shown again as typed.
"""

import hashlib
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, cast
from urllib.parse import parse_qsl, urlencode

from fastapi import FastAPI, Query, Request
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.responses import RedirectResponse, Response
from uuid_utils import uuid7

from services.domain.words import PARTS, ROLES, Words, headed, severity_words
from services.intake.evidence.attachments import FILE_NOUNS, TYPES
from services.intake.evidence.file_endpoints import FileUpload, fault
from services.intake.evidence.uploads import token_digest
from services.intake.faces.shell import PAGES
from services.intake.findings import desk, endpoints
from services.intake.findings.forms import MAX_FILE_BYTES
from services.intake.plain.entries import ASKED, Asking, Case, Entry
from services.intake.reading.paging import Cursor
from services.intake.reading.searching import Sought
from services.intake.writing.commands import Noun, read_command
from services.intake.writing.service import Service, service_of
from services.kernel.identity.authentication import authenticate, token_of
from services.kernel.identity.callers import Caller
from services.kernel.identity.roles import Action, Role, allows
from services.kernel.problems import FieldError, IdReused, Invalid, Language, NotFound, Problem, TooLarge, Unauthorized
from services.kernel.web.app import read_body
from services.kernel.web.pages import Reader, language_of, to_sign_in
from services.kernel.web.plain import PLAIN, media_type, require_own_page

PATH = "/intake/cases"
_MULTIPART = "multipart/form-data"
_MAX_FORM = 512 * 1024
_MAX_FILES = 2 * MAX_FILE_BYTES  # together: what one form may bring
_MOST_READ = 5 * _MAX_FILES  # and read no further: what is over is thrown away, so that the words are still shown
_MOST_FIELDS = 40
_SECOND = "second-review"
_LISTS: Mapping[desk.Listed, tuple[Role, Words]] = {
    "todo": (Role.UNIT_HEAD, ("Việc cần làm", "To do")),
    "following": (Role.UNIT_HEAD, ("Đơn vị trực thuộc", "Units below")),
    "done": (Role.UNIT_HEAD, ("Đã trả lời, đã xong", "Answered, done")),
    "waiting": (Role.REVIEWER, ("Chờ xử lý", "To handle")),
    "second": (Role.REVIEWER, ("Thẩm định lần hai", "Second review")),
    "handled": (Role.REVIEWER, ("Đã xử lý", "Handled")),
}
_SENT_BEFORE = (
    "Mẫu này đã được gửi với nội dung khác, và bản gửi trước được giữ; hãy xem hồ sơ dưới đây rồi gửi lại nếu cần.",
    "This form was sent before with other content, which is kept; see the case below, and send again if needed.",
)
_FILES = "/files"
_TOO_MUCH = FieldError(
    _FILES, "các tệp cộng lại quá 20 MB; hãy chọn tệp nhỏ hơn", "the files are over 20 MB together; choose smaller ones"
)
_BROKEN = FieldError("", "mẫu gửi lên bị hỏng; hãy tải lại trang rồi thử lại", "the form came broken; reload the page")
_WhichList = Annotated[desk.Listed | None, Query(alias="list")]


@dataclass(frozen=True, slots=True)
class _File:
    """A file, and what it is said to be."""

    raw: bytes
    kind: str

    def named(self) -> dict[str, Any]:
        """As a write names it."""
        return {"sha256": hashlib.sha256(self.raw).hexdigest(), "bytes": len(self.raw), "type": self.kind}


@dataclass(frozen=True, slots=True)
class _Sent:
    """What a form brought."""

    id: str = ""
    typed: Mapping[str, str] = field(default_factory=dict)
    files: Sequence[_File] = ()
    faults: Sequence[FieldError] = ()


def install(app: FastAPI) -> None:
    """Add the pages, and a form of each write that is asked for."""
    reading: dict[str, Any] = {"include_in_schema": False, "openapi_extra": allows(Action.READ_CASE)}
    app.get(PATH, **reading)(cases)
    app.get(f"{PATH}/{{id}}", **reading)(case)
    app.get(f"{PATH}/{{id}}/{{noun}}", **reading)(back)
    for noun in ASKED:
        allowed = allows(_ACTIONS[noun])
        app.post(f"{PATH}/{{id}}/{noun}", include_in_schema=False, openapi_extra=allowed)(_sender(noun))


_ANSWERS = ("reply", "extension-request", "appeal", "remedy-plan", "remedy-report")
_ACTIONS: Mapping[str, Action] = {
    **dict.fromkeys(_ANSWERS, Action.ANSWER), "decision": Action.DECIDE, "remedy-verification": Action.VERIFY,
    **dict.fromkeys(("release", "extension", "reopening", _SECOND), Action.REVIEW),
}  # fmt: skip


async def cases(request: Request, listed: _WhichList = None, q: Sought = None, cursor: Cursor = None) -> Response:
    """What waits for the reader, and what is done, as on the desk."""
    try:
        reader = Reader.of(await _caller(request), service_of(request).clock.now())
    except Unauthorized:
        return to_sign_in(request)
    lists = [(name, words) for name, (role, words) in _LISTS.items() if role in reader.roles]
    chosen = listed or (lists[0][0] if lists else "done")
    found = await desk.page(request, desk.Listing(chosen, None, q, cursor), _language(request))
    more = found["next"] and urlencode({"list": chosen, "q": q or "", "cursor": found["next"]})
    return PAGES.render(
        request, "cases.html", reader=reader, lists=lists, chosen=chosen, q=q or "", found=found["items"],
        names=_names(request), more=more,
    )  # fmt: skip


async def case(request: Request, id: str, blind: bool = False, done: str = "") -> Response:
    """A case, and a form for each thing that the reader may do with it now."""
    try:
        return await _page(request, id, blind=blind, done=ASKED.get(done))
    except Unauthorized:
        return to_sign_in(request)


async def back(request: Request, id: str, noun: str) -> Response:
    """From a form's own address, where another language is chosen or the page loaded anew, to the case."""
    if noun not in ASKED:
        raise NotFound
    return RedirectResponse(_address(id, noun == _SECOND, request.query_params), status_code=303)


def _address(id: str, blind: bool, query: Mapping[str, str]) -> str:
    asked = dict(query) | ({"blind": "true"} if blind else {})
    return f"{PATH}/{id}" + (f"?{urlencode(asked)}" if asked else "")


def _sender(noun: str) -> Callable[..., Awaitable[Response]]:
    async def send(request: Request, id: str) -> Response:
        """Take a form as the write that it is; on to the case, or the form again with what is wrong."""
        require_own_page(request)
        caller = await _caller(request)  # before anything of it is read
        sent = _Sent()
        try:
            sent = await _read(request)
            await _write(service_of(request), caller, token_digest(request), noun, id, sent)
        except Unauthorized:
            raise
        except Problem as problem:
            return await _again(request, id, noun, sent, problem)
        return RedirectResponse(_address(id, False, {"done": noun}) + "#told", status_code=303)

    return send


async def _read(request: Request) -> _Sent:
    """What was typed and chosen; the words also where the files are too large."""
    if media_type(request) != _MULTIPART:
        raw = (await read_body(request, _MAX_FORM, PLAIN)).decode(errors="replace")
        try:
            pairs: Sequence[tuple[str, Any]] = parse_qsl(raw, keep_blank_values=True, max_num_fields=_MOST_FIELDS)
        except ValueError:
            return _Sent(faults=[_BROKEN])
        return await _sent(pairs)
    most = _MAX_FILES + _MAX_FORM
    parser = MultiPartParser(request.headers, _first(request, most), max_files=20, max_fields=_MOST_FIELDS)
    parser.spool_max_size = most  # private: it never lies in a file before it is sealed
    try:
        form = await parser.parse()
    except _TooMuch:
        words = [(name, value) for name, value in parser.items if isinstance(value, str)]
        return await _sent(words, [_TOO_MUCH])
    except (MultiPartException, KeyError):
        return _Sent(faults=[_BROKEN])
    try:
        return await _sent(form.multi_items())
    finally:
        await form.close()


async def _sent(pairs: Sequence[tuple[str, Any]], faults: Sequence[FieldError] = ()) -> _Sent:
    typed = {name: value for name, value in pairs if isinstance(value, str)}
    chosen = [file for name, file in pairs if name == _FILES and isinstance(file, UploadFile) and file.filename]
    files = [_File(await file.read(), (file.content_type or "").lower()) for file in chosen]
    return _Sent(typed.pop("id", ""), typed, files, faults)


class _TooMuch(Exception):
    """A form whose files are too large together; it was read to its end, so that its sender hears of it."""


async def _first(request: Request, most: int) -> AsyncGenerator[bytes]:
    """A body, as far as it is kept; _TooMuch once it has ended further on."""
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > _MOST_READ:
            raise TooLarge
        if size <= most:
            yield part
    if size > most:
        raise _TooMuch


async def _write(service: Service, caller: Caller, token: bytes, noun: str, finding: str, sent: _Sent) -> None:
    """The write that a form makes, then its files; any Problem that the write itself would get."""
    kind = _noun(service, noun)
    caller.require(kind.action, service.clock.now())
    body, errors = ASKED[noun].body(sent.typed)
    errors += [*sent.faults, *[one for file in sent.files if (one := await _unfit(service, file))]]
    if errors:
        raise Invalid(errors=errors)
    if sent.files:
        body["files"] = [file.named() for file in sent.files]
    service.rate.take(caller.account)
    service.require_writable()
    await service.batcher.submit(read_command(kind, finding, sent.id, body, token))
    # a crash here leaves the write accepted and its files missing: the form sent again is the same write, and they come
    for place, file in enumerate(sent.files, start=1):
        upload = FileUpload(token, sent.id, place, file.kind, finding, FILE_NOUNS[kind.name])
        await service.batcher.submit(await upload.keeping(service, file.raw))


def _noun(service: Service, name: str) -> Noun:
    return next(noun for noun in service.nouns if noun.name == f"findings/{name}")


async def _unfit(service: Service, file: _File) -> FieldError | None:
    """Why a file cannot come with it."""
    if file.kind not in TYPES:
        return FieldError(_FILES, "chỉ nhận ảnh JPEG, PNG, WebP hoặc PDF", "only JPEG, PNG, WebP or PDF are taken")
    if not 0 < len(file.raw) <= MAX_FILE_BYTES:
        return FieldError(
            _FILES, "mỗi tệp phải có nội dung và tối đa 10 MB", "a file has something in it, at most 10 MB"
        )
    wrong = await fault(service, file.raw, file.kind)
    return wrong and FieldError(_FILES, wrong.vi, wrong.en)


async def _again(request: Request, id: str, noun: str, sent: _Sent, problem: Problem) -> Response:
    """The page with what was typed, and why it was not taken."""
    if isinstance(problem, IdReused):
        problem, sent = IdReused(_SENT_BEFORE), _Sent(typed=sent.typed)
    refused = _Refused(noun, sent, problem)
    if noun == _SECOND:
        try:
            return await _page(request, id, blind=True, refused=refused)
        except NotFound:
            pass  # it is no longer to be read blind: he has read it, or given his view
    return await _page(request, id, refused=refused)


@dataclass(frozen=True, slots=True)
class _Refused:
    """A form that was not taken."""

    noun: str
    sent: _Sent
    problem: Problem


async def _page(
    request: Request, id: str, *, blind: bool = False, done: Asking | None = None, refused: _Refused | None = None
) -> Response:  # fmt: skip
    language = _language(request)
    reader = Reader.of(await _caller(request), service_of(request).clock.now())
    shown = await endpoints.opened(request, id, language, blind=blind)
    offered = [noun for noun in shown["may"] if noun in ASKED and (noun == _SECOND) == blind]
    told = refused and refused.problem.body(language, request.url.path)
    wrong = told.get("errors", []) if told else []
    forms = [_form(noun, shown, refused if refused and refused.noun == noun else None, wrong) for noun in offered]
    page = PAGES.render(
        request, "case.html", reader=reader, status=refused.problem.status if refused else 200, case=shown, blind=blind,
        forms=forms, done=done, problem=told, wrong=_told(wrong, forms), kept=_kept(refused, offered),
        names=_names(request), severity=severity_words(shown["severity"]), parts=_PARTS, roles=ROLES,
    )  # fmt: skip
    page.headers.update(refused.problem.headers if refused else {})
    return page


_PARTS = {name: headed(words) for name, words in PARTS.items()}


def _form(noun: str, case: Case, refused: _Refused | None, wrong: Sequence[Mapping[str, str]]) -> dict[str, Any]:
    """A form as the page draws it, with what was typed into it before."""
    asking, sent = ASKED[noun], refused.sent if refused else _Sent()
    errors = wrong if refused else ()
    return {
        "noun": noun, "asking": asking, "id": sent.id or str(uuid7()), "open": refused is not None,
        "entries": [_entry(noun, entry, case, sent.typed, errors) for entry in asking.entries],
    }  # fmt: skip


def _entry(
    noun: str, entry: Entry, case: Case, typed: Mapping[str, str], wrong: Sequence[Mapping[str, str]]
) -> dict[str, Any]:  # fmt: skip
    options = entry.options(case)
    only = options[0][0] if len(options) == 1 and not typed else ""
    return {
        "entry": entry, "id": f"{noun}{entry.pointer.replace('/', '-')}", "options": options,
        "value": typed.get(entry.pointer, only),
        "wrong": [one["detail"] for one in wrong if _is_of(one["pointer"], entry)],
    }  # fmt: skip


def _is_of(pointer: str, entry: Entry) -> bool:
    return pointer == entry.pointer or pointer.startswith(f"{entry.pointer}/")


def _told(wrong: Sequence[Mapping[str, str]], forms: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """What is wrong, each with the field that it is about."""
    fields = [one for form in forms if form["open"] for one in form["entries"]]
    return [
        {"detail": one["detail"], "field": next((of for of in fields if _is_of(one["pointer"], of["entry"])), None)}
        for one in wrong
    ]  # fmt: skip


def _kept(refused: _Refused | None, offered: Sequence[str]) -> list[tuple[Words, str]]:
    """What was typed into a form that is not offered any more, so that it is not lost."""
    if refused is None or refused.noun in offered:
        return []
    typed = refused.sent.typed
    texts = [entry for entry in ASKED[refused.noun].entries if entry.kind == "text"]
    return [(entry.label, typed[entry.pointer]) for entry in texts if typed.get(entry.pointer, "").strip()]


def _names(request: Request) -> Callable[[Case], str]:
    """What a code is called, by the catalogue of the case."""
    catalogues, english = service_of(request).catalogues, language_of(request) == "en"

    def name(case: Case) -> str:
        code = next(one for one in catalogues if one.version == case["catalogue"]).codes[case["code"]]
        return code.name_en if english else code.name_vi

    return name


async def _caller(request: Request) -> Caller:
    return await authenticate(service_of(request).pool, token_of(request))


def _language(request: Request) -> Language:
    return cast(Language, language_of(request))
