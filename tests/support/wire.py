"""The wire contract as a table: every route a program outside may rely on, its action and its answers."""

from dataclasses import dataclass

from services.kernel.identity.roles import Action

PUBLIC = "PUBLIC"
_WRITE = frozenset({200, 201, 400, 401, 403, 404, 409, 413, 415, 422, 429, 503})
_READ = frozenset({200, 401, 403, 404})
_OPEN = frozenset({200})


@dataclass(frozen=True, slots=True)
class Route:
    """One route: where, what it is in the role matrix, and which status codes its description names at least."""

    service: str
    method: str
    path: str
    action: str
    answers: frozenset[int]


def _write(path: str, action: Action) -> Route:
    return Route("intake", "put", f"/intake/v1/{path}", action.name, _WRITE)


def _read(path: str, action: Action | str, answers: frozenset[int] = _READ) -> Route:
    name = action.name if isinstance(action, Action) else action
    return Route(path.split("/")[1], "get", path, name, answers)


ROUTES = (
    _write("unit-changes/{id}", Action.CHANGE_DIRECTORY),
    _write("inspections/{id}", Action.FILE),
    _write("inspections/{inspection}/closing/{id}", Action.FILE),
    _write("inspections/{inspection}/correction/{id}", Action.FILE),
    _write("inspections/{inspection}/team/{id}", Action.FILE),
    _write("inspections/{inspection}/voiding/{id}", Action.VOID),
    _write("inspections/{inspection}/acknowledgement/{id}", Action.ANSWER),
    _write("findings/{id}", Action.FILE),
    _write("findings/{finding}/withdrawal/{id}", Action.FILE),
    _write("findings/{finding}/reply/{id}", Action.ANSWER),
    _write("findings/{finding}/reply/{write}/files/{n}", Action.ANSWER),
    _write("findings/{finding}/remedy-report/{write}/files/{n}", Action.ANSWER),
    _read("/intake/v1/findings/{finding}/reply/{write}/files/{n}", Action.READ_CASE),
    _read("/intake/v1/findings/{finding}/remedy-report/{write}/files/{n}", Action.READ_CASE),
    _write("findings/{finding}/decision/{id}", Action.DECIDE),
    _write("findings/{finding}/correction/{id}", Action.FILE),
    _write("findings/{finding}/release/{id}", Action.REVIEW),
    _write("findings/{finding}/extension-request/{id}", Action.ANSWER),
    _write("findings/{finding}/extension/{id}", Action.REVIEW),
    _write("findings/{finding}/appeal/{id}", Action.ANSWER),
    _write("findings/{finding}/reopening/{id}", Action.REVIEW),
    _write("findings/{finding}/second-review/{id}", Action.REVIEW),
    _write("findings/{finding}/remedy-plan/{id}", Action.ANSWER),
    _write("findings/{finding}/remedy-report/{id}", Action.ANSWER),
    _write("findings/{finding}/remedy-verification/{id}", Action.VERIFY),
    _write("findings/{finding}/person-links/{id}", Action.LINK),
    _write("findings/{finding}/person-links/{link}/removal/{id}", Action.LINK),
    _write("findings/{finding}/photos/{n}", Action.FILE),
    _write("findings/{finding}/photos/{n}/redactions/{id}", Action.REVIEW),
    _read("/intake/v1/findings/{finding}/photos/{n}", Action.READ_CASE),
    _write("commendations/{id}", Action.DECIDE),
    _write("quarters/{quarter}/closing/{id}", Action.DECIDE),
    _write("quarters/{quarter}/publication/{id}", Action.DECIDE),
    _write("rounds/{id}", Action.PLAN),
    _write("rounds/{round}/beacon/{id}", Action.PLAN),
    _write("rounds/{round}/assignments/{id}", Action.PLAN),
    _write("rounds/{round}/closing/{id}", Action.PLAN),
    _read("/intake/v1/rounds", Action.READ_ROUNDS, frozenset({200, 401, 403})),
    _read("/intake/v1/rounds/{id}", Action.READ_ROUNDS),
    _read("/intake/v1/assignments", Action.READ_ASSIGNMENTS, frozenset({200, 401, 403})),
    _read("/intake/v1/coverage", Action.READ_ROUNDS, frozenset({200, 401, 403})),
    _write("quarters/{quarter}/restatement/{id}", Action.DECIDE),
    _write("exports/{id}", Action.EXPORT),
    _write("calendars/{id}", Action.CHANGE_DIRECTORY),
    _write("erasures/{id}", Action.REQUEST_ERASURE),
    _write("erasures/{erasure}/approval/{id}", Action.SETTLE_ERASURE),
    _write("erasures/{erasure}/refusal/{id}", Action.SETTLE_ERASURE),
    _write("log-keys/{id}", Action.ADD_LOG_KEY),
    _write("devices/{id}", Action.FILE),
    _read("/intake/v1/devices", Action.READ_DEVICES, frozenset({200, 401, 403, 422})),
    _read("/intake/v1/handover-key", Action.FILE, frozenset({200, 401, 403})),
    Route("intake", "post", "/intake/v1/handovers", Action.FILE.name, frozenset({200, 401, 413, 415, 422, 503})),
    Route("intake", "post", "/intake/v1/batch", Action.WRITE.name, frozenset({200, 401, 413, 415, 503})),
    _read("/intake/v1/tokens", Action.CHANGE_DIRECTORY, frozenset({200, 401, 403})),
    Route(
        "intake", "post", "/intake/v1/tokens", Action.CHANGE_DIRECTORY.name,
        frozenset({200, 201, 400, 401, 403, 409, 413, 415, 422, 503}),
    ),
    Route(
        "intake", "post", "/intake/v1/tokens/{id}/revocation", Action.CHANGE_DIRECTORY.name,
        frozenset({204, 401, 403, 404}),
    ),
    _read("/intake/v1/me", Action.SIGNED_IN, frozenset({200, 401})),
    _read("/intake/v1/units", Action.READ_DIRECTORY, frozenset({200, 401})),
    _read("/intake/v1/catalogue", Action.READ_DIRECTORY, frozenset({200, 401})),
    _read("/intake/v1/desk", Action.READ_CASE, frozenset({200, 401, 403, 422})),
    _read("/intake/v1/inspections", Action.READ_CASE, frozenset({200, 401, 403})),
    _read("/intake/v1/inspections/{id}/minutes", Action.READ_CASE),
    _read("/intake/v1/inspections/{id}/minutes.pdf", Action.READ_CASE),
    _read("/intake/v1/inspections/{id}/minutes.docx", Action.READ_CASE),
    _read("/intake/v1/inspections/{id}/fill.csv", Action.READ_CASE),
    _read("/intake/v1/minutes/{sha256}", PUBLIC, _OPEN),
    _read("/intake/v1/findings", Action.READ_CASE, frozenset({200, 401, 403})),
    _read("/intake/v1/erasures", Action.READ_ERASURES, frozenset({200, 401, 403})),
    _read("/audit/checkpoint", PUBLIC, _OPEN),
    _read("/audit/vkey", PUBLIC, _OPEN),
    _read("/audit/tile/entries/{coordinate}", Action.ENTRIES),
    _read("/audit/tile/{level}/{coordinate}", PUBLIC, _OPEN),
    _read("/audit/v1/receipts/{event_id}", Action.PROOFS),
    _read("/audit/v1/proofs/inclusion", Action.PROOFS, frozenset({200, 401, 403, 404, 422})),
    _read("/audit/v1/proofs/consistency", Action.PROOFS, frozenset({200, 401, 403, 404, 422})),
    _read("/audit/v1/checkpoints", PUBLIC, frozenset({200, 422})),
    _read("/audit/v1/growth", PUBLIC, _OPEN),
    _read("/audit/v1/entries/{event_id}", Action.ENTRY),
    _read("/reports/v1/notices", Action.NOTICES, frozenset({200, 401, 403, 422})),
    Route("reports", "put", "/reports/v1/notices/{id}/read", Action.NOTICES.name, _READ),
    _read("/reports/v1/alerts/stream", Action.NOTICES, frozenset({200, 401, 403, 422})),
    _read("/reports/v1/alerts", Action.ALERTS, frozenset({200, 401, 403, 422})),
    _read("/reports/v1/editions", Action.PUBLISHED_CARDS, frozenset({200, 401, 403, 404})),
    _read("/reports/v1/scorecards/{quarter}", Action.LIVE_CARDS),
    _read("/reports/v1/scorecards/{quarter}/{unit}", Action.LIVE_CARDS),
    _read("/reports/v1/scorecards/{quarter}/{unit}/proof", Action.PROOFS),
    _read("/reports/v1/scorecards/{quarter}/{unit}/what-if", Action.WHAT_IF),
    _read("/reports/v1/scorecards/{quarter}/at/{size}", Action.WHAT_IF),
    _read("/reports/v1/scorecards/{quarter}/at/{size}/{unit}", Action.WHAT_IF),
    _read("/reports/v1/scorecards/{quarter}/latest", Action.PUBLISHED_CARDS, frozenset({307, 401, 403, 404})),
    *(_read(f"/{service}/healthz", PUBLIC, _OPEN) for service in ("intake", "audit", "reports")),
    *(_read(f"/{service}/readyz", PUBLIC, _OPEN) for service in ("intake", "audit", "reports")),
)  # fmt: skip
LATER: tuple[str, ...] = ()
"""Writes of the contract that answer 404 until they are built."""
