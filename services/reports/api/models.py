"""The answers' shapes, for OpenAPI alone: answers are sent as rendered by the fold, not through these."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from services.domain.notices import Kind
from services.reports.reading.access import EDITION, FROZEN

Band = Literal["good", "fair", "average", "needs_correction", "insufficient"]


class TreeHead(BaseModel):
    """The log prefix an answer was computed at."""

    size: int
    root: str


class Exposure(BaseModel):
    """How much was inspected."""

    inspections: int
    persons_checked: int
    files_checked: int


class GroupLine(BaseModel):
    """One group's cap and mean deduction."""

    group: str
    cap: int | None
    deduction: str


class Item(BaseModel):
    """A counted finding; `index` is the log entry of its recording, `remedied` (card/2) gave back half its points."""

    code: str
    count: int
    severity: int
    factor: str
    points: str
    index: int
    finding: str
    remedied: bool | None = None


class Inspection(BaseModel):
    """One closed inspection's score."""

    id: str
    date: str
    score: str
    items: list[Item]


class Pending(BaseModel):
    """What is not decided yet, and the score if all of it were upheld."""

    findings: int
    score_if_upheld: str | None


class SurveyLine(BaseModel):
    """What a survey counted: of those who answered, in per cent with Wilson's 95 % interval; null where nobody did."""

    source: str
    answered: int
    satisfied: int
    share: str | None
    interval: Annotated[list[str], Field(min_length=2, max_length=2)] | None


class RankLine(BaseModel):
    """The expected rank among the peers, 1 the lowest rate, with its 90 % interval."""

    expected: str
    interval: Annotated[list[int], Field(min_length=2, max_length=2)]


class Earlier(BaseModel):
    """A quarter before; `rate` by the same prior, null where nobody was checked."""

    quarter: str
    observed: int
    exposure: int
    rate: str | None


class Trend(BaseModel):
    """The four quarters before, and how likely the rate is lower than in last year's same quarter."""

    previous: list[Earlier]
    improved: str | None


class Comparison(BaseModel):
    """A unit beside its peers: persons found per 100 checked, with what chance explains taken off (95 % interval).

    Figures are null where they would say nothing. `size`, of a live one, is the log size that it was fitted at.
    """

    peer_group: str
    units: int
    window: list[str]
    observed: int
    exposure: int
    expected: str | None
    rate: str | None
    interval: Annotated[list[str], Field(min_length=2, max_length=2)] | None
    z: str | None
    standing: Literal["within", "watch", "alarm", "insufficient"]
    better: bool
    fdr: bool
    rank: RankLine | None
    random_share: str | None
    trend: Trend
    size: int | None = None


class Card(BaseModel):
    """A unit's quarterly scorecard; one frozen by the first program has neither `comparison` nor `survey`."""

    quarter: str
    unit: str
    unit_name: str
    group: str
    edition: Annotated[str, Field(pattern=EDITION)]
    rules: str | None
    catalogue: str | None
    log: TreeHead
    exposure: Exposure
    score: str | None
    band: Band
    band_label: str
    gates: list[str]
    bonus: str | None
    groups: list[GroupLine]
    inspections: list[Inspection]
    pending: Pending
    overturned: int
    withdrawn: int
    comparison: Comparison | None = None
    survey: list[SurveyLine] | None = None


class Row(BaseModel):
    """A card's row in the quarter's list."""

    unit: str
    unit_name: str
    group: str
    exposure: Exposure
    score: str | None
    band: Band
    band_label: str
    gates: list[str]
    bonus: str | None
    deductions: dict[str, str]
    pending: Pending
    survey: list[SurveyLine] | None = None
    comparison: Comparison | None = None


class Listing(BaseModel):
    """A quarter's list; `group` stands on one of a kind, `cards_root`, `closing` and `published_at` on frozen ones.

    `part` is true where the reader may not see all units. `published_at` is null while the edition is closed.
    """

    quarter: str
    edition: Annotated[str, Field(pattern=EDITION)]
    rules: str | None
    log: TreeHead
    group: str | None = None
    part: bool | None = None
    cards_root: str | None = None
    closing: str | None = None
    published_at: str | None = None
    differs: list[Difference] | None = None
    cards: list[Row]
    next: str | None


class FrozenEdition(BaseModel):
    """A frozen edition: what a publication of it names, and whether a wrong root is all that was published."""

    quarter: str
    edition: Annotated[str, Field(pattern=FROZEN)]
    closing: str
    log: TreeHead
    cards_root: str
    published_at: str | None
    refused: bool


class Editions(BaseModel):
    """Frozen editions, the latest quarter first."""

    items: list[FrozenEdition]


class AlertFinding(BaseModel):
    """A finding as an alert lists it."""

    id: str
    code: str
    severity: int
    count: int


class Alert(BaseModel):
    """What a unit's head is told of one inspection."""

    id: str
    unit: str
    inspection: str
    findings: list[AlertFinding]
    created_at: str
    acknowledged_at: str | None


class Alerts(BaseModel):
    """A page of alerts."""

    log: TreeHead
    items: list[Alert]
    next: str | None


class Notice(BaseModel):
    """What one account is told; `findings` is how many it tells of, `place` where it stands in the log's order."""

    id: str
    kind: Kind
    unit: str
    inspection: str
    finding: str | None
    findings: int
    created_at: str
    due: str | None
    read_at: str | None
    place: str


class Notices(BaseModel):
    """A page of notices; `next` goes into `after`, null on the last page."""

    items: list[Notice]
    next: str | None


class IfUpheld(BaseModel):
    """A pending finding, and score and band if it alone were upheld."""

    id: str
    code: str
    now: str | None
    if_upheld: str | None
    band_if_upheld: Band


class WhatIf(BaseModel):
    """What a unit's pending findings would do; severity 4 is left out."""

    quarter: str
    unit: str
    log: TreeHead
    findings: list[IfUpheld]
    all_upheld: str | None


class CardProof(BaseModel):
    """A published card's bytes and the way from them to a signed checkpoint; hashes and bytes in base64."""

    card: str
    index: int
    size: int
    path: list[str]
    cards_root: str
    event: str
    receipt: str


class Difference(BaseModel):
    """A field that a restatement shows otherwise than the edition before it; parts of a field after a dot."""

    unit: str
    field: str
    was: Any
    is_: Annotated[Any, Field(alias="is")]


class Attempt(BaseModel):
    """The last try: `why` is a word (`sent`, `timeout`, `status`…), `status` the receiver's own code."""

    at: str
    why: str
    status: int | None


class Delivery(BaseModel):
    """One message to one receiver outside."""

    id: str
    notice: str
    channel: str
    via: Literal["address", "webhook", "push"]
    kind: str
    unit: str
    state: Literal["sent", "waiting", "failed"]
    attempts: int
    created_at: str
    next_at: str | None
    last: Attempt | None


class Deliveries(BaseModel):
    """A page of deliveries."""

    items: list[Delivery]
    next: str | None


_TEXT = {"type": "string"}
_FAULT = {"type": "object", "required": ["pointer", "detail"], "properties": {"pointer": _TEXT, "detail": _TEXT}}
_PROBLEM = {
    "type": "object",
    "required": ["type", "title", "status", "detail", "instance"],
    "properties": {
        "type": _TEXT,
        "title": _TEXT,
        "status": {"type": "integer"},
        "detail": _TEXT,
        "instance": _TEXT,
        "errors": {"type": "array", "items": _FAULT},
    },
}  # RFC 9457, written out: problem+json is not the media type FastAPI would give a model
PROBLEMS: dict[int | str, dict[str, Any]] = {
    status: {"description": words, "content": {"application/problem+json": {"schema": _PROBLEM}}}
    for status, words in (
        (401, "no, broken or expired token"),
        (403, "the role may not read this"),
        (404, "unknown or out of scope"),
        (422, "a parameter is wrong"),
        (503, "the database is away, or a live card that is needed cannot be made"),
    )
}
SAME: dict[int | str, dict[str, Any]] = {304: {"description": "The reader holds it already"}}
FILES = PROBLEMS | {
    409: {
        "description": "a file of what is not published, before the log was told",
        "content": {"application/problem+json": {"schema": _PROBLEM}},
    },
    429: {
        "description": "what is not published is taken too often",
        "content": {"application/problem+json": {"schema": _PROBLEM}},
    },
}
