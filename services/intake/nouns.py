"""The one table of what can be written: each noun with its form, needs and rule; and who keeps it."""

from services.intake.calendars import rules as calendars
from services.intake.calendars.forms import PublishCalendar
from services.intake.calendars.store import CalendarKeeper
from services.intake.cases import asking as case
from services.intake.cases import remedies
from services.intake.cases import rules as cases
from services.intake.cases.forms import (
    AppealDecision,
    AskForTime,
    DecideFinding,
    GiveTime,
    PlanRemedy,
    ReleaseFinding,
    ReopenFinding,
    ReplyToFinding,
    ReportRemedy,
    SecondReview,
    VerifyRemedy,
)
from services.intake.cases.store import CaseKeeper
from services.intake.channels import rules as channels
from services.intake.channels.forms import Address, Remove, Rotate, Silence, Subscription, Webhook
from services.intake.channels.store import ChannelKeeper
from services.intake.concerned import rules as concerned
from services.intake.concerned.forms import GiveLink, RemoveLink
from services.intake.concerned.store import LinkKeeper
from services.intake.directory import rules as directory
from services.intake.directory.forms import UNIT_CHANGES
from services.intake.directory.store import DirectoryKeeper
from services.intake.erasures import rules as erasures
from services.intake.erasures.forms import ApproveErasure, RefuseErasure, RequestErasure
from services.intake.erasures.store import ErasureKeeper
from services.intake.evidence import redacting
from services.intake.evidence.attachments import with_files
from services.intake.evidence.forms import RedactPhoto
from services.intake.evidence.store import FileKeeper, PhotoKeeper
from services.intake.findings import asking as finding
from services.intake.findings import rules as findings
from services.intake.findings import voiding
from services.intake.findings.forms import CorrectFinding, RecordFinding, WithdrawFinding
from services.intake.findings.store import ClockKeeper, FindingKeeper
from services.intake.inspections import asking as inspection
from services.intake.inspections import ending
from services.intake.inspections import rules as inspections
from services.intake.inspections.closing_form import CloseInspection, CorrectInspection
from services.intake.inspections.forms import Acknowledge, ChangeTeam, OpenInspection, VoidInspection
from services.intake.inspections.store import InspectionKeeper
from services.intake.log_keys import rules as log_keys
from services.intake.log_keys.forms import AddLogKey
from services.intake.log_keys.store import LogKeyKeeper
from services.intake.phones import rules as phones
from services.intake.phones.forms import RegisterDevice
from services.intake.phones.store import PhoneKeeper
from services.intake.quarters import exporting
from services.intake.quarters import rules as quarters
from services.intake.quarters.forms import CloseQuarter, Commend, PublishQuarter, RestateQuarter, TellExport
from services.intake.quarters.store import QuarterKeeper
from services.intake.rounds import rules as rounds
from services.intake.rounds.forms import Assign, CloseRound, GiveBeacon, PlanRound
from services.intake.rounds.store import RoundKeeper
from services.intake.surveys import rules as surveys
from services.intake.surveys.forms import RecordSurvey
from services.intake.writing.commands import Noun, Nouns
from services.intake.writing.keeper import Keeper
from services.kernel.identity.roles import Action, Role
from services.kernel.process.settings import Settings

_TEAM, _HEAD, _REVIEWER = (Role.INSPECTOR, Role.LEAD), (Role.UNIT_HEAD,), (Role.REVIEWER,)
_ANYBODY, _HOOKING = tuple(Role), (Role.ADMIN, Role.UNIT_HEAD)
_ADMIN, _AUDITOR, _VERIFIER = (Role.ADMIN,), (Role.AUDITOR,), (Role.REVIEWER, Role.LEAD)
_PLANNERS = _VOIDING = (Role.LEAD, Role.REVIEWER)

NOUNS = Nouns(
    # routes are tried in this order, so the most frequent write comes first
    Noun(
        name="findings", action=Action.FILE, roles=_TEAM, form=RecordFinding, light=True,
        touches=findings.touch_recorded, rule=findings.record,
    ),
    Noun(
        name="unit-changes", action=Action.CHANGE_DIRECTORY, roles=_ADMIN, form=UNIT_CHANGES,
        touches=directory.touch, rule=directory.change,
    ),
    Noun(
        name="inspections", action=Action.FILE, roles=_TEAM, form=OpenInspection,
        touches=inspections.touch_opening, rule=inspections.open_inspection,
    ),
    Noun(
        name="inspections/closing", action=Action.FILE, roles=_TEAM, form=CloseInspection, parent="inspection",
        touches=inspection.touch, rule=ending.close_inspection,
    ),
    Noun(
        name="inspections/correction", action=Action.FILE, roles=_TEAM, form=CorrectInspection, parent="inspection",
        touches=inspection.touch, rule=ending.correct_inspection,
    ),
    Noun(
        name="inspections/voiding", action=Action.VOID, roles=_VOIDING, form=VoidInspection, parent="inspection",
        touches=inspection.touch, rule=voiding.void,
    ),
    Noun(
        name="inspections/team", action=Action.FILE, roles=_TEAM, form=ChangeTeam, parent="inspection",
        touches=inspections.touch_team, rule=inspections.change_team,
    ),
    Noun(
        name="inspections/acknowledgement", action=Action.ANSWER, roles=_HEAD, form=Acknowledge, parent="inspection",
        touches=inspection.touch, rule=inspections.acknowledge,
    ),
    Noun(
        name="findings/withdrawal", action=Action.FILE, roles=_TEAM, form=WithdrawFinding, parent="finding",
        touches=finding.touch, rule=findings.withdraw,
    ),
    Noun(
        name="findings/reply", action=Action.ANSWER, roles=_HEAD, form=ReplyToFinding, parent="finding",
        touches=finding.touch, rule=with_files(cases.reply),
    ),
    Noun(
        name="findings/extension-request", action=Action.ANSWER, roles=_HEAD, form=AskForTime, parent="finding",
        touches=finding.touch, rule=cases.ask_for_time,
    ),
    Noun(
        name="findings/decision", action=Action.DECIDE, roles=_REVIEWER, form=DecideFinding, parent="finding",
        touches=case.touch_judged, rule=cases.decide,
    ),
    Noun(
        name="findings/correction", action=Action.FILE, roles=_TEAM, form=CorrectFinding, parent="finding",
        touches=finding.touch, rule=findings.correct,
    ),
    Noun(
        name="findings/release", action=Action.REVIEW, roles=_REVIEWER, form=ReleaseFinding, parent="finding",
        touches=case.touch_judged, rule=cases.release,
    ),
    Noun(
        name="findings/extension", action=Action.REVIEW, roles=_REVIEWER, form=GiveTime, parent="finding",
        touches=case.touch_judged, rule=cases.give_time,
    ),
    Noun(
        name="findings/appeal", action=Action.ANSWER, roles=_HEAD, form=AppealDecision, parent="finding",
        touches=finding.touch, rule=cases.appeal,
    ),
    Noun(
        name="findings/reopening", action=Action.REVIEW, roles=_REVIEWER, form=ReopenFinding, parent="finding",
        touches=case.touch_judged, rule=cases.reopen,
    ),
    Noun(
        name="findings/second-review", action=Action.REVIEW, roles=_REVIEWER, form=SecondReview, parent="finding",
        touches=cases.touch_second_review, rule=cases.second_review,
    ),
    Noun(
        name="findings/remedy-plan", action=Action.ANSWER, roles=_HEAD, form=PlanRemedy, parent="finding",
        touches=finding.touch, rule=remedies.plan,
    ),
    Noun(
        name="findings/remedy-report", action=Action.ANSWER, roles=_HEAD, form=ReportRemedy, parent="finding",
        touches=finding.touch, rule=with_files(remedies.report),
    ),
    Noun(
        name="findings/remedy-verification", action=Action.VERIFY, roles=_VERIFIER, form=VerifyRemedy,
        parent="finding", touches=case.touch_judged, rule=remedies.verify,
    ),
    Noun(
        name="commendations", action=Action.DECIDE, roles=_REVIEWER, form=Commend,
        touches=quarters.touch_commendation, rule=quarters.commend,
    ),
    Noun(
        name="surveys", action=Action.SURVEY, roles=_REVIEWER, form=RecordSurvey,
        touches=surveys.touch, rule=surveys.record,
    ),
    Noun(
        name="quarters/closing", action=Action.DECIDE, roles=_REVIEWER, form=CloseQuarter, parent="quarter",
        touches=quarters.touch, rule=quarters.close_quarter,
    ),
    Noun(
        name="quarters/restatement", action=Action.DECIDE, roles=_REVIEWER, form=RestateQuarter, parent="quarter",
        touches=quarters.touch, rule=quarters.restate_quarter,
    ),
    Noun(
        name="quarters/publication", action=Action.DECIDE, roles=_REVIEWER, form=PublishQuarter, parent="quarter",
        touches=quarters.touch, rule=quarters.publish_quarter,
    ),
    Noun(
        name="exports", action=Action.EXPORT, roles=_REVIEWER, form=TellExport,
        touches=exporting.touch, rule=exporting.tell,
    ),
    Noun(
        name="rounds", action=Action.PLAN, roles=_PLANNERS, form=PlanRound,
        touches=rounds.touch_plan, rule=rounds.plan,
    ),
    Noun(
        name="rounds/beacon", action=Action.PLAN, roles=_PLANNERS, form=GiveBeacon, parent="round",
        touches=rounds.touch, rule=rounds.give_beacon,
    ),
    Noun(
        name="rounds/assignments", action=Action.PLAN, roles=_PLANNERS, form=Assign, parent="round",
        touches=rounds.touch, rule=rounds.assign,
    ),
    Noun(
        name="rounds/closing", action=Action.PLAN, roles=_PLANNERS, form=CloseRound, parent="round",
        touches=rounds.touch, rule=rounds.close_round,
    ),
    Noun(
        name="findings/photos/redactions", action=Action.REVIEW, roles=_REVIEWER, form=RedactPhoto, parent="finding/n",
        touches=redacting.touch, rule=redacting.redact,
    ),
    Noun(
        name="findings/person-links", action=Action.LINK, roles=_REVIEWER, form=GiveLink, parent="finding",
        logged=False, touches=concerned.touch, rule=concerned.give,
    ),
    Noun(
        name="findings/person-links/removal", action=Action.LINK, roles=_REVIEWER, form=RemoveLink,
        parent="finding/link", logged=False, touches=concerned.touch, rule=concerned.remove,
    ),
    Noun(
        name="calendars", action=Action.CHANGE_DIRECTORY, roles=_ADMIN, form=PublishCalendar,
        touches=calendars.touch, rule=calendars.publish,
    ),
    Noun(
        name="erasures", action=Action.REQUEST_ERASURE, roles=_REVIEWER, form=RequestErasure, logged=False,
        touches=erasures.touch_request, rule=erasures.request,
    ),
    Noun(
        name="erasures/approval", action=Action.SETTLE_ERASURE, roles=_AUDITOR, form=ApproveErasure, parent="erasure",
        touches=erasures.touch_settlement, rule=erasures.approve,
    ),
    Noun(
        name="erasures/refusal", action=Action.SETTLE_ERASURE, roles=_AUDITOR, form=RefuseErasure, parent="erasure",
        logged=False, touches=erasures.touch_settlement, rule=erasures.refuse,
    ),
    Noun(
        name="devices", action=Action.FILE, roles=_TEAM, form=RegisterDevice, logged=False, read_apart=True,
        touches=phones.touch, rule=phones.register,
    ),
    Noun(
        name="log-keys", action=Action.ADD_LOG_KEY, roles=_ADMIN, form=AddLogKey,
        touches=log_keys.touch, rule=log_keys.add_log_key,
    ),
    Noun(
        name="addresses", action=Action.SIGNED_IN, roles=_ANYBODY, form=Address, logged=False,
        touches=channels.touch_new, rule=channels.add_address,
    ),
    Noun(
        name="addresses/removal", action=Action.SIGNED_IN, roles=_ANYBODY, form=Remove, parent="address", logged=False,
        touches=channels.touch_old, rule=channels.remove,
    ),
    Noun(
        name="webhooks", action=Action.HOOKS, roles=_HOOKING, form=Webhook, logged=False,
        touches=channels.touch_new, rule=channels.add_webhook,
    ),
    Noun(
        name="webhooks/removal", action=Action.HOOKS, roles=_HOOKING, form=Remove, parent="webhook", logged=False,
        touches=channels.touch_old, rule=channels.remove,
    ),
    Noun(
        name="webhooks/rotation", action=Action.HOOKS, roles=_HOOKING, form=Rotate, parent="webhook", logged=False,
        touches=channels.touch_old, rule=channels.rotate,
    ),
    Noun(
        name="push-subscriptions", action=Action.SIGNED_IN, roles=_ANYBODY, form=Subscription, logged=False,
        touches=channels.touch_new, rule=channels.add_subscription,
    ),
    Noun(
        name="push-subscriptions/removal", action=Action.SIGNED_IN, roles=_ANYBODY, form=Remove, parent="push",
        logged=False, touches=channels.touch_old, rule=channels.remove,
    ),
    Noun(
        name="silences", action=Action.SILENCE, roles=_HEAD, form=Silence, logged=False,
        touches=channels.touch_new, rule=channels.silence,
    ),
    Noun(
        name="silences/removal", action=Action.SILENCE, roles=_HEAD, form=Remove, parent="silence", logged=False,
        touches=channels.touch_old, rule=channels.remove,
    ),
)  # fmt: skip


def keepers(settings: Settings | None = None) -> tuple[Keeper, ...]:
    """Who keeps the working state, from what others refer to upwards; what they remember is one process's."""
    public_log = settings is not None and settings.log_public_entries
    return (
        DirectoryKeeper(), CalendarKeeper(), PhoneKeeper(), LogKeyKeeper(), QuarterKeeper(),
        RoundKeeper(public_log=public_log), InspectionKeeper(), FindingKeeper(), ClockKeeper(), CaseKeeper(),
        PhotoKeeper(), FileKeeper(), ErasureKeeper(), LinkKeeper(), ChannelKeeper(settings),
    )  # fmt: skip
