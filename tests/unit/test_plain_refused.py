"""A page of a form that was refused has all that its template asks for, whatever was refused and why."""

from itertools import product
from typing import Any

import pytest

from services.intake.plain.refused import Refused, forms_of
from services.intake.plain.sent import NotSent, Sent
from services.intake.writing.refusals import WrongState
from services.kernel.problems import IdReused, Invalid, Problem, TooLarge


@pytest.mark.parametrize("problem", [Invalid(), WrongState(), IdReused(), NotSent(), TooLarge()])
@pytest.mark.parametrize("taken", [False, True])
def test_a_page_of_what_was_refused_has_all_that_it_asks_for(problem: Problem, taken: bool) -> None:
    file = {"awaited": True, "write": "w", "of": "reply", "n": 1}
    past = [{"id": "w", "time": "2026-09-01T07:45:12.000Z"}]
    case: dict[str, Any] = {"id": "f", "history": past, "deadlines": [], "outcomes": [], "accepts": None, "severity": 2}
    asked = forms_of(case | {"files": []}, [], None, "vi", "/")
    for write, files, offered in product(("w", "", "x"), ([], [file]), ([], ["reply"], ["appeal"])):
        sent = Sent(write, {"/private/text": "Đã sửa."}, taken=taken)
        told = forms_of(case | {"files": files}, offered, Refused("reply", sent, problem), "vi", "/")
        assert told.keys() == asked.keys()
        drawn_open = any(form["open"] for form in told["forms"])
        assert drawn_open == (not taken and "reply" in offered)
        assert bool(told["typed"]) == (drawn_open or bool(told["kept"])) == (not taken)
        assert bool(told["retyped"]) == (bool(offered) or not taken)
