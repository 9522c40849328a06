"""Forms that a browser sends without a script: taken only from a page of ours, by the browser's own word."""

import re

from fastapi import Request

from services.kernel.identity.authentication import OWN_FORM
from services.kernel.problems import Forbidden

PLAIN = "application/x-www-form-urlencoded"
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]")  # as drafts.js makes them blank


def require_own_page(request: Request) -> None:
    """Forbidden unless the browser says that the form stands on a page of this origin: a cookie alone does not.

    From here on the request's cookie counts, as one does with a script's own header.
    """
    if request.headers.get("sec-fetch-site") != "same-origin":
        raise Forbidden
    request.scope[OWN_FORM] = True


def is_plain(request: Request) -> bool:
    """Whether a form came without a script; Forbidden when it is not ours."""
    plain = media_type(request) == PLAIN
    if plain:
        require_own_page(request)
    return plain


def media_type(request: Request) -> str:
    """What a body is said to be, without its parameters."""
    return request.headers.get("content-type", "").split(";")[0].strip().lower()


def written(typed: str) -> str:
    """Words of a form: lines end as on the desk, and what is no character that one sees is a blank."""
    return _CONTROL.sub(" ", typed.replace("\r\n", "\n").replace("\r", "\n"))
