"""Cases for a browser without scripts: listed, read, answered and decided by forms that it sends by itself.

A form has its write's id from when it was drawn: sent twice it is one write. What is refused is shown again as typed.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import replace
from typing import Annotated, Any, cast
from urllib.parse import urlencode

from fastapi import FastAPI, Query, Request
from starlette.responses import RedirectResponse, Response

from services.domain.words import PARTS, ROLES, Words, headed, severity_words
from services.intake.evidence.attachments import FILE_NOUNS, TYPES
from services.intake.evidence.file_endpoints import FileUpload, fault
from services.intake.evidence.sql import QUERIES as EVIDENCE
from services.intake.evidence.uploads import token_digest
from services.intake.faces.shell import PAGES
from services.intake.findings import desk, endpoints
from services.intake.findings.forms import MAX_FILE_BYTES
from services.intake.plain.entries import ASKED, Case
from services.intake.plain.refused import Refused, again_typed, forms_of, kept_of
from services.intake.plain.sent import FILES, File, NotSent, Sent, read
from services.intake.reading.paging import Cursor
from services.intake.reading.searching import Sought
from services.intake.writing.commands import Noun, read_command
from services.intake.writing.forms import is_write_id
from services.intake.writing.service import Service, service_of
from services.kernel.identity.authentication import authenticate, token_of
from services.kernel.identity.callers import Caller
from services.kernel.identity.roles import Action, Role, allows
from services.kernel.problems import FieldError, Invalid, Language, NotFound, Problem, TooLarge, Unauthorized
from services.kernel.store.db import TRANSIENT
from services.kernel.web.destinations import SIGN_IN
from services.kernel.web.pages import Reader, language_of, to_sign_in
from services.kernel.web.plain import require_own_page
from services.kernel.web.rendering import as_problem

PATH = "/intake/cases"
_SECOND = "second-review"
_LISTS: Mapping[desk.Listed, tuple[Role, Words]] = {
    "todo": (Role.UNIT_HEAD, ("Việc cần làm", "To do")),
    "following": (Role.UNIT_HEAD, ("Đơn vị trực thuộc", "Units below")),
    "done": (Role.UNIT_HEAD, ("Đã trả lời, đã xong", "Answered, done")),
    "waiting": (Role.REVIEWER, ("Chờ xử lý", "To handle")),
    "verification": (Role.LEAD, ("Xác nhận khắc phục", "Remedies to verify")),
    "second": (Role.REVIEWER, ("Thẩm định lần hai", "Second review")),
    "handled": (Role.REVIEWER, ("Đã xử lý", "Handled")),
}
_OTHER_FILES = FieldError(
    FILES, "có tệp không phải tệp đã chọn lúc đầu; hãy chọn lại đúng các tệp còn thiếu",
    "one is none of the files that were first chosen; choose those that are missing",
)  # fmt: skip
_NO_FILES = FieldError(FILES, "hãy chọn các tệp còn thiếu", "choose the files that are missing")
_FAILURES: tuple[type[Exception], ...] = (Problem, *cast(tuple[type[Exception], ...], TRANSIENT))
_PARTS = {name: headed(words) for name, words in PARTS.items()}
_WhichList = Annotated[desk.Listed | None, Query(alias="list")]


def install(app: FastAPI) -> None:
    """Add the pages, and a form of each write that is asked for."""
    reading: dict[str, Any] = {"include_in_schema": False, "openapi_extra": allows(Action.READ_CASE)}
    app.get(PATH, **reading)(cases)
    app.get(f"{PATH}/{{id}}", **reading)(case)
    app.get(f"{PATH}/{{id}}/{{noun}}", **reading)(back)
    for noun in ASKED:
        allowed = allows(_ACTIONS[noun])
        app.post(f"{PATH}/{{id}}/{noun}", include_in_schema=False, openapi_extra=allowed)(_sender(noun))
    for name in FILE_NOUNS:
        path = f"{PATH}/{{id}}/{name.split('/')[1]}/{{write}}/files"
        app.get(path, **reading)(to_case)
        app.post(path, include_in_schema=False, openapi_extra=allows(Action.ANSWER))(_files_sender(name))


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
        return await _page(request, id, blind=blind, done=done)
    except Unauthorized:
        return to_sign_in(request)


async def back(request: Request, id: str, noun: str) -> Response:
    """From a form's own address, where another language is chosen or the page loaded anew, to the case."""
    if noun not in ASKED:
        raise NotFound
    return RedirectResponse(_address(id, noun == _SECOND, request.query_params), status_code=303)


async def to_case(request: Request, id: str) -> Response:
    """From where missing files are sent to, to the case."""
    return RedirectResponse(_address(id, False, request.query_params), status_code=303)


def _address(id: str, blind: bool, query: Mapping[str, str]) -> str:
    asked = dict(query) | ({"blind": "true"} if blind else {})
    return f"{PATH}/{id}" + (f"?{urlencode(asked)}" if asked else "")


def _sender(noun: str) -> Callable[..., Awaitable[Response]]:
    async def send(request: Request, id: str) -> Response:
        """Take a form as the write that it is; on to the case, or the form again with what is wrong."""
        require_own_page(request)
        sent = Sent()
        try:
            caller, sent = await _brought(request)
            if not isinstance(caller, Caller):
                raise caller
            if sent.again:
                raise sent.why.unsent() if sent.why else NotSent
            service, token = service_of(request), token_digest(request)
            await _write(service, caller, token, noun, id, sent)
            sent = replace(sent, taken=True)
            # a crash here leaves the write accepted, its files missing: the case asks for them, the form may come again
            await _send_files(service, token, f"findings/{noun}", id, sent.id, enumerate(sent.files, start=1))
        except _FAILURES as error:
            return await _again(request, id, noun, sent, as_problem(error))
        return RedirectResponse(_address(id, False, {"done": noun}) + "#told", status_code=303)

    return send


def _files_sender(name: str) -> Callable[..., Awaitable[Response]]:
    noun = name.split("/")[1]

    async def send(request: Request, id: str, write: str) -> Response:
        """Take files that a write named and that did not come with it, whichever of them and in any order."""
        require_own_page(request)
        sent = Sent()
        try:
            caller, sent = await _brought(request)
            if not isinstance(caller, Caller):
                raise caller
            await _complete(service_of(request), caller, token_digest(request), name, id, write, sent)
        except _FAILURES as error:
            return await _again(request, id, "", sent, as_problem(error))
        return RedirectResponse(_address(id, False, {"done": noun}) + "#told", status_code=303)

    return send


async def _complete(
    service: Service, caller: Caller, token: bytes, name: str, finding: str, write: str, sent: Sent
) -> None:  # fmt: skip
    """Keep each file in its place, which its bytes tell; any Problem that the file itself would get."""
    caller.require(Action.ANSWER, service.clock.now())
    rows = await service.pool.fetch(EVIDENCE.files_of_writes, [write] if is_write_id(write) else [])
    places = [(row["place"], row["sha256"]) for row in rows if row["finding"] == finding and not row["held"]]
    brought = {file.named()["sha256"]: file for file in sent.files}
    others = [_OTHER_FILES] if brought.keys() - {sha256 for _, sha256 in places} else []
    errors = [*sent.faults, *others] if brought or sent.faults else [_NO_FILES]
    if errors:
        raise Invalid(errors=errors)
    service.rate.take(caller.account)
    service.require_writable()
    files = [(place, brought[sha256]) for place, sha256 in places if sha256 in brought]
    await _send_files(service, token, name, finding, write, files)


async def _send_files(
    service: Service, token: bytes, name: str, finding: str, write: str, files: Iterable[tuple[int, File]]
) -> None:  # fmt: skip
    for place, file in files:
        upload = FileUpload(token, write, place, file.kind, finding, FILE_NOUNS[name])
        await service.batcher.submit(await upload.keeping(service, file.raw))


async def _brought(request: Request) -> tuple[Caller | Problem, Sent]:
    """Who sends it, known before anything of it is read, and what; of nobody known the words, and why."""
    try:
        caller: Caller | Problem = await _caller(request)
    except _FAILURES as error:
        caller = as_problem(error)
    return caller, await read(request, files=isinstance(caller, Caller))


async def _write(service: Service, caller: Caller, token: bytes, noun: str, finding: str, sent: Sent) -> None:
    """The write that a form makes; any Problem that the write itself would get."""
    if sent.too_long:
        raise TooLarge
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


def _noun(service: Service, name: str) -> Noun:
    return next(noun for noun in service.nouns if noun.name == f"findings/{name}")


async def _unfit(service: Service, file: File) -> FieldError | None:
    """Why a file cannot come with it."""
    if file.kind not in TYPES:
        return FieldError(FILES, "chỉ nhận ảnh JPEG, PNG, WebP hoặc PDF", "only JPEG, PNG, WebP or PDF are taken")
    if not 0 < len(file.raw) <= MAX_FILE_BYTES:
        return FieldError(
            FILES, "mỗi tệp phải có nội dung và tối đa 10 MB", "a file has something in it, at most 10 MB"
        )
    wrong = await fault(service, file.raw, file.kind)
    return wrong and FieldError(FILES, wrong.vi, wrong.en)


async def _again(request: Request, id: str, noun: str, sent: Sent, problem: Problem) -> Response:
    """The page with what was typed, and why it was not taken; the words alone where it cannot be made."""
    refused = Refused(noun, sent, problem)
    try:
        return await _drawn_again(request, id, refused)
    except _FAILURES as error:
        return _words_alone(request, id, replace(refused, problem=as_problem(error)))


async def _drawn_again(request: Request, id: str, refused: Refused) -> Response:
    """Blind where the case waits for the reader's second review: a form drawn before it was decided tells nothing."""
    try:
        return await _page(request, id, blind=True, refused=refused)
    except NotFound:
        return await _page(request, id, refused=refused)


def _words_alone(request: Request, id: str, refused: Refused) -> Response:
    """What was typed, for whom no page of the case can be made: nobody is signed in, or the database is away."""
    problem = refused.problem
    case = _address(id, refused.noun == _SECOND, {}) if is_write_id(id) else PATH
    page = PAGES.render(
        request, "unsent.html", status=problem.status, kept=kept_of(refused), chosen=refused.sent.chosen, case=case,
        **again_typed(refused, kept=bool(kept_of(refused))),
        problem=problem.body(_language(request), request.url.path), again=f"{SIGN_IN}?{urlencode({'next': case})}",
    )  # fmt: skip
    page.headers.update(problem.headers)
    return page


async def _page(
    request: Request, id: str, *, blind: bool = False, done: str = "", refused: Refused | None = None
) -> Response:  # fmt: skip
    language = _language(request)
    reader = Reader.of(await _caller(request), service_of(request).clock.now())
    shown = await endpoints.opened(request, id, language, blind=blind)
    offered = [noun for noun in shown["may"] if noun in ASKED and (noun == _SECOND) == blind]
    page = PAGES.render(
        request, "case.html", reader=reader, status=refused.problem.status if refused else 200, case=shown, blind=blind,
        done=ASKED[done] if _was_done(done, shown, reader) else None, names=_names(request),
        severity=severity_words(shown["severity"]), parts=_PARTS, roles=ROLES,
        **forms_of(shown, offered, refused, language, request.url.path),
    )  # fmt: skip
    page.headers.update(refused.problem.headers if refused else {})
    return page


def _was_done(noun: str, case: Case, reader: Reader) -> bool:
    """Whether it was, whatever an address says; of second reviews the case tells nothing but that none waits."""
    if noun == _SECOND:
        return Role.REVIEWER in reader.roles and _SECOND not in case["may"]
    return noun in ASKED and noun in case["answers"]


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
