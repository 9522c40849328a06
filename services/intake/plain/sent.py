"""What a form without a script brought: words typed and files chosen, the words also of a form that is not taken."""

import hashlib
import json
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from typing import Any
from urllib.parse import parse_qsl

from fastapi import Request
from pydantic import TypeAdapter, ValidationError
from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from services.domain.words import Words
from services.intake.findings.forms import MAX_FILE_BYTES
from services.kernel.problems import FieldError, NotJson, Problem, first_errors
from services.kernel.web.plain import PLAIN, media_type

FILES = "/files"
MOST_FILES = 10  # of one form, as the desk's script takes them
_MULTIPART = "multipart/form-data"
_MAX_FORM = 512 * 1024  # of words
_MAX_FILES = 2 * MAX_FILE_BYTES  # together: what one form may bring
_MOST_READ = 5 * _MAX_FILES  # and read no further: what is over is thrown away, so that the words are still shown
_MOST_FIELDS = 40
_MOST_PARTS = 100  # files: more than may come are counted, so that their sender is told how many may
_TOO_MUCH = FieldError(
    FILES, "các tệp cộng lại quá 20 MB; hãy chọn tệp nhỏ hơn", "the files are over 20 MB together; choose smaller ones"
)
_TOO_MANY = FieldError(FILES, f"nhiều nhất {MOST_FILES} tệp; hãy bớt tệp", f"at most {MOST_FILES} files; choose fewer")
_BROKEN = FieldError("", "mẫu gửi lên bị hỏng; hãy tải lại trang rồi thử lại", "the form came broken; reload the page")


@dataclass(frozen=True, slots=True)
class File:
    """A file, and what it is said to be."""

    raw: bytes
    kind: str

    def named(self) -> dict[str, Any]:
        """As a write names it."""
        return {"sha256": hashlib.sha256(self.raw).hexdigest(), "bytes": len(self.raw), "type": self.kind}


class NotSent(Problem):
    """Chưa gửi gì; nội dung đã nhập vẫn ở đây.

    Nothing was sent; what you typed is still here.
    """

    status, slug = 200, "not-sent"


@dataclass(frozen=True, slots=True)
class Why:
    """Why a form was refused: it goes along with what was typed, to be read in another language too."""

    detail: Words
    errors: tuple[FieldError, ...]
    chosen: bool

    @classmethod
    def of(cls, problem: Problem, *, chosen: bool) -> "Why":
        """In both languages."""
        vi, en = (problem.body(language, "")["detail"] for language in ("vi", "en"))
        return cls((vi, en), tuple(first_errors(problem.errors)), chosen)

    def written(self) -> str:
        """As the form carries it."""
        return json.dumps(asdict(self), ensure_ascii=False)

    def unsent(self) -> NotSent:
        """The same, of a form that was only drawn anew."""
        return NotSent(self.detail, errors=self.errors)


_WHY = TypeAdapter(Why)


def _why(said: str) -> Why | None:
    """None of what no page of ours wrote."""
    try:
        return _WHY.validate_json(said)
    except ValidationError:
        return None


@dataclass(frozen=True, slots=True)
class Sent:
    """What a form brought."""

    id: str = ""
    typed: Mapping[str, str] = field(default_factory=dict)
    files: Sequence[File] = ()
    faults: Sequence[FieldError] = ()
    chosen: bool = False
    """Whether files were chosen, kept or not: no page can choose them again."""
    too_long: bool = False
    """Whether there were more words than are read; the first of them are here."""
    again: bool = False
    """Whether it is only to be drawn anew, in another language or view."""
    why: Why | None = None
    """Why it was refused before, of one that is drawn anew."""
    taken: bool = False
    """Whether its write was accepted, whatever became of its files."""


async def read(request: Request, *, files: bool) -> Sent:
    """What was typed and, where `files` are kept, chosen; the words also of a form that is too large or broken."""
    kind = media_type(request)
    if kind == _MULTIPART:
        return await _parts(request, files=files)
    if kind != PLAIN and not files:  # who is not known is told that before all else
        return Sent()
    if kind != PLAIN:
        raise NotJson((f"Hãy gửi nội dung với kiểu {PLAIN}.", f"Send the body as {PLAIN}."))
    raw, size = bytearray(), 0
    with suppress(_TooMuch):
        async for part in _first(request, _MOST_READ):
            raw += part[: max(0, _MAX_FORM - size)]
            size += len(part)
    try:
        pairs = parse_qsl(raw.decode(errors="replace"), keep_blank_values=True, max_num_fields=_MOST_FIELDS)
    except ValueError:
        return Sent(faults=[_BROKEN])
    return _words(pairs, too_long=size > _MAX_FORM)


class _Parser(MultiPartParser):
    """Takes words as far as they are kept, and files only where they are; all as UTF-8, as a page of ours sends it."""

    spool_max_size = _MAX_FILES + _MAX_FORM  # it never lies in a file before it is sealed

    def __init__(self, request: Request, stream: AsyncGenerator[bytes], *, files: bool) -> None:
        super().__init__(request.headers, stream, max_files=_MOST_PARTS, max_fields=_MOST_FIELDS)
        self._files, self.size = files, 0

    def on_part_begin(self) -> None:
        """Whatever charset a sender names: some of them decode nothing, or what is no text."""
        super().on_part_begin()
        self._charset = "utf-8"

    def on_part_data(self, data: bytes, start: int, end: int) -> None:
        """Keep no more of it than may be shown again."""
        if self._current_part.file is None:
            room, self.size = _MAX_FORM - self.size, self.size + end - start
            end = max(start, min(end, start + room))
        elif not self._files:
            return
        super().on_part_data(data, start, end)


async def _parts(request: Request, *, files: bool) -> Sent:
    stream = _first(request, _MAX_FILES + _MAX_FORM)
    parser = _Parser(request, stream, files=files)
    try:
        form = await parser.parse()
    except _TooMuch:
        return _of(parser, _TOO_MUCH)
    except (MultiPartException, KeyError, ValueError):
        await _read_on(stream)
        return _of(parser, _TOO_MANY if len(_chosen(parser.items)) >= _MOST_PARTS else _BROKEN)
    try:
        return await _whole(form, parser)
    finally:
        await form.close()


async def _whole(form: FormData, parser: _Parser) -> Sent:
    chosen = _chosen(form.multi_items())
    if len(chosen) > MOST_FILES:
        return _of(parser, _TOO_MANY)
    sent = _of(parser)
    files = [File(await file.read(), (file.content_type or "").lower()) for file in chosen]
    return replace(sent, files=files)


def _of(parser: _Parser, *faults: FieldError) -> Sent:
    """The words of a form, whatever is wrong with it."""
    words = [(name, value) for name, value in parser.items if isinstance(value, str)]
    return _words(
        words, faults, chosen=_TOO_MUCH in faults or bool(_chosen(parser.items)), too_long=parser.size > _MAX_FORM
    )


def _chosen(pairs: Sequence[tuple[str, Any]]) -> list[UploadFile]:
    return [file for name, file in pairs if name == FILES and isinstance(file, UploadFile) and file.filename]


def _words(
    pairs: Sequence[tuple[str, str]], faults: Sequence[FieldError] = (), *, chosen: bool = False, too_long: bool = False
) -> Sent:  # fmt: skip
    typed = dict(pairs)
    again, why = typed.pop("again", "") != "", _why(typed.pop("was", ""))
    chosen = chosen or (again and why is not None and why.chosen)
    return Sent(typed.pop("id", ""), typed, (), faults, chosen, too_long, again, why)


class _TooMuch(Exception):
    """A form that is too large; it was read as far as may be, so that its sender hears of it."""


async def _first(request: Request, most: int) -> AsyncGenerator[bytes]:
    """A body, as far as it is kept; _TooMuch once it has ended further on."""
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > _MOST_READ:
            raise _TooMuch
        if size <= most:
            yield part
    if size > most:
        raise _TooMuch


async def _read_on(stream: AsyncGenerator[bytes]) -> None:
    """To the end of what was given up: who is still sending hears nothing."""
    with suppress(_TooMuch):
        async for _ in stream:
            pass
