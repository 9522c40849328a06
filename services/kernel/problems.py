"""Errors as types that carry their status (RFC 9457), pure: the class docstring is the message; `rendering` shows it.

A docstring's first paragraph is the Vietnamese sentence, its second the English one; the slug never changes.
"""

import inspect
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from pydantic import ValidationError

Language = Literal["vi", "en"]
MOST_ERRORS = 20  # that one answer names
_WEIGHT = re.compile(r"q=(0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)")  # RFC 9110 12.4.2


@dataclass(frozen=True, slots=True)
class FieldError:
    """One fault of a body: where (a JSON pointer), and what to do about it in both languages."""

    pointer: str
    vi: str
    en: str
    rest: int = 0
    """Of one that names no fault itself: how many more there are."""


def unnamed(rest: int) -> FieldError:
    """What stands for the faults that are not named one by one."""
    return FieldError("", f"và {rest} lỗi nữa", f"and {rest} more error{'' if rest == 1 else 's'}", rest)


def first_errors(errors: Sequence[FieldError]) -> list[FieldError]:
    """The first 20 faults, then one entry that counts the others: an answer never outgrows what it answers."""
    named = [error for error in errors if not error.rest]
    rest = sum(error.rest for error in errors) + len(named[MOST_ERRORS:])
    return [*named[:MOST_ERRORS], unnamed(rest)] if rest else named


class Problem(Exception):
    """Máy chủ gặp lỗi khi xử lý yêu cầu này và đã ghi lại; hãy thử lại sau ít phút.

    The server met an error with this request and has noted it; try again in a few minutes.
    """

    status: ClassVar[int] = 500
    slug: ClassVar[str] = "internal"

    def __init__(
        self,
        detail: tuple[str, str] | None = None,
        *,
        errors: Sequence[FieldError] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail[1] if detail else self.slug)
        self.detail = detail
        self.errors = tuple(errors)
        self.headers = dict(headers or {})

    @classmethod
    def title(cls, language: Language) -> str:
        """The class's own sentence."""
        paragraphs = inspect.cleandoc(cls.__doc__ or cls.slug).split("\n\n")
        return " ".join(paragraphs[0 if language == "vi" else -1].split())

    def body(self, language: Language, instance: str) -> dict[str, Any]:
        """The problem+json object."""
        title = self.title(language)
        detail = title if self.detail is None else self.detail[0 if language == "vi" else 1]
        rendered: dict[str, Any] = {
            "type": f"/problems/{self.slug}",
            "title": title,
            "status": self.status,
            "detail": detail,
            "instance": instance,
        }
        if self.errors or self.status == 422:
            rendered["errors"] = [
                {"pointer": error.pointer, "detail": error.vi if language == "vi" else error.en}
                for error in first_errors(self.errors)
            ]
        return rendered


class BadJson(Problem):
    """Nội dung gửi lên không phải JSON hợp lệ (UTF-8).

    The body is not valid JSON in UTF-8.
    """

    status, slug = 400, "bad-json"


class Unauthorized(Problem):
    """Chưa đăng nhập, hoặc phiên đã hết hạn; hãy đăng nhập lại.

    Not signed in, or the session has expired; sign in again.
    """

    status, slug = 401, "unauthorized"

    def __init__(self, detail: tuple[str, str] | None = None) -> None:
        super().__init__(detail, headers={"WWW-Authenticate": 'Bearer realm="kycuong"'})


class Forbidden(Problem):
    """Tài khoản của bạn không có quyền thực hiện việc này.

    Your account may not do this.
    """

    status, slug = 403, "forbidden"


class NotFound(Problem):
    """Không có trang hoặc dữ liệu này, hoặc nằm ngoài phạm vi của tài khoản.

    There is nothing here, or it lies outside the account's scope.
    """

    status, slug = 404, "not-found"


class MethodNotAllowed(Problem):
    """Địa chỉ này không nhận phương thức đó.

    This address does not take that method.
    """

    status, slug = 405, "method-not-allowed"


class IdReused(Problem):
    """Mã này đã dùng cho một nội dung khác; hãy tạo mã mới cho nội dung mới.

    This id was already used for other content; make a new id for new content.
    """

    status, slug = 409, "id-reused"


class NotYetKnown(Problem):
    """Máy chủ chưa biết cuộc kiểm tra hoặc ghi nhận này; hãy giữ lại và gửi sau.

    The server does not know this inspection or finding yet; keep the item and send it later.
    """

    status, slug = 409, "not-yet-known"


class TooLarge(Problem):
    """Nội dung gửi lên quá lớn; hãy chia nhỏ rồi gửi lại.

    The body is too large; split it and send again.
    """

    status, slug = 413, "too-large"


class NotJson(Problem):
    """Hãy gửi nội dung với kiểu application/json.

    Send the body as application/json.
    """

    status, slug = 415, "not-json"


class Invalid(Problem):
    """Nội dung đúng dạng JSON nhưng có trường chưa đúng; xem danh sách lỗi.

    The body is well-formed but has wrong fields; see the errors.
    """

    status, slug = 422, "invalid"


class BrokenRequest(Problem):
    """Yêu cầu không đúng giao thức HTTP.

    The request is no proper HTTP.
    """

    status, slug = 400, "broken-request"


class TooSlow(Problem):
    """Yêu cầu gửi dở mà không có thêm gì trong thời gian dài; hãy kiểm tra mạng rồi gửi lại.

    The request stopped half-way and nothing more came; check the network and send again.
    """

    status, slug = 408, "too-slow"


class HeadTooLarge(Problem):
    """Phần đầu của yêu cầu quá dài; hãy xóa cookie của trang này rồi thử lại.

    The head of the request is too long; delete this site's cookies and try again.
    """

    status, slug = 431, "head-too-large"


class TooFast(Problem):
    """Gửi quá nhanh; hãy chờ rồi gửi lại.

    Too many requests; wait and send again.
    """

    status, slug = 429, "too-fast"

    def __init__(self, retry_after: int = 1, reason: tuple[str, str] | None = None) -> None:
        reason, (vi, en) = reason or ("Gửi quá nhanh.", "Too many requests."), in_words(retry_after)
        super().__init__(
            (f"{reason[0]} Hãy thử lại sau {vi}.", f"{reason[1]} Try again in {en}."),
            headers={"Retry-After": str(retry_after)},
        )


class Unavailable(Problem):
    """Hiện chưa thể cam kết lưu bền vững; hãy giữ lại và gửi lại sau.

    Durability cannot be promised right now; keep the item and send it again later.
    """

    status, slug = 503, "unavailable"

    def __init__(self, retry_after: int = 2, detail: tuple[str, str] | None = None) -> None:
        super().__init__(detail, headers={"Retry-After": str(retry_after)})


def in_words(seconds: int) -> tuple[str, str]:
    """How long to wait: seconds under a minute, then minutes, never less than it takes."""
    if seconds < 60:
        return f"{seconds} giây", f"{seconds} second{'' if seconds == 1 else 's'}"
    minutes = -(-seconds // 60)
    return f"{minutes} phút", f"{minutes} minute{'' if minutes == 1 else 's'}"


def invalid(pointer: str, vietnamese: str, english: str) -> Invalid:
    """A 422 that names one field."""
    return Invalid(errors=[FieldError(pointer, vietnamese, english)])


# pydantic's error types in words; {…} are members of the error's context
_WORDS: dict[str, tuple[str, str]] = {
    "missing": ("thiếu trường này; hãy thêm vào", "this field is missing; add it"),
    "extra_forbidden": ("không có trường này; hãy bỏ đi", "there is no such field; remove it"),
    "int_type": (
        "phải là số nguyên (không dấu ngoặc kép, không phần thập phân)",
        "must be an integer (no quotes, no fraction)",
    ),
    "string_type": ("phải là chuỗi ký tự", "must be a string"),
    "bool_type": ("phải là true hoặc false", "must be true or false"),
    "list_type": ("phải là danh sách", "must be a list"),
    "dict_type": ("phải là đối tượng", "must be an object"),
    "model_type": ("phải là đối tượng", "must be an object"),
    "model_attributes_type": ("phải là đối tượng", "must be an object"),
    "literal_error": ("phải là một trong: {expected}", "must be one of: {expected}"),
    "enum": ("phải là một trong: {expected}", "must be one of: {expected}"),
    "greater_than_equal": ("phải từ {ge} trở lên", "must be at least {ge}"),
    "less_than_equal": ("không được quá {le}", "must be at most {le}"),
    "string_too_long": ("dài quá {max_length} ký tự", "is longer than {max_length} characters"),
    "string_too_short": ("phải có ít nhất {min_length} ký tự", "must have at least {min_length} characters"),
    "string_pattern_mismatch": (
        "có ký tự hoặc cách viết không dùng được ở đây",
        "has a character or a form that is not taken here",
    ),
    "too_long": ("có quá {max_length} mục", "has more than {max_length} items"),
    "too_short": ("phải có ít nhất {min_length} mục", "must have at least {min_length} items"),
    "union_tag_invalid": ("phải là một trong: {expected_tags}", "must be one of: {expected_tags}"),
    "union_tag_not_found": ("thiếu trường {discriminator}", "the field {discriminator} is missing"),
}


def field_errors(error: ValidationError) -> list[FieldError]:
    """Pydantic's faults as pointers with a remedy; `ValueError(("vi", "en"))` of our own validators passes through."""
    found = error.errors(include_url=False)
    named = [field_error(dict(item)) for item in found[:MOST_ERRORS]]
    return [*named, unnamed(len(found) - MOST_ERRORS)] if len(found) > MOST_ERRORS else named


def field_error(item: dict[str, Any]) -> FieldError:
    """One of pydantic's faults in words."""
    pointer = "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in item["loc"])
    context = item.get("ctx", {})
    own = getattr(context.get("error"), "args", ())
    if own and isinstance(own[0], tuple):
        return FieldError(pointer, *own[0])
    # of a text that a check of ours has read, pydantic says what it says of a list
    of_text = f"string_{item['type']}" if isinstance(item.get("input"), str) else ""
    words = _WORDS.get(of_text) or _WORDS.get(item["type"])
    if words is None:
        return FieldError(pointer, "giá trị chưa đúng; hãy kiểm tra lại", f"is not right: {item['msg']}")
    # pydantic joins what it expects with an English word
    vietnamese = context | {"expected": str(context.get("expected", "")).replace(" or ", " hoặc ")}
    return FieldError(pointer, words[0].format_map(vietnamese), words[1].format_map(context))


def language_of(headers: Mapping[str, str]) -> Language:
    """`vi` unless `Accept-Language` prefers English; of equal weights the first counts."""
    chosen: Language = "vi"
    best = 0.0
    for part in headers.get("accept-language", "").lower().split(","):
        tag, _, parameter = part.partition(";")
        language = tag.strip().partition("-")[0]
        if language in ("vi", "en") and (liking := weight(parameter.strip())) > best:
            chosen, best = "en" if language == "en" else "vi", liking
    return chosen


def weight(parameter: str) -> float:
    """The weight that `q=0.5` gives; 1 without one, 0 (never) when it is none."""
    if not parameter:
        return 1.0
    match = _WEIGHT.fullmatch(parameter)
    return float(match[1]) if match else 0.0
