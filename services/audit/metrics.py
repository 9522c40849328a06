"""What the log tells its watchers."""

from services.kernel.process.telemetry import meter

tree_size = meter.create_gauge("kycuong.audit.tree_size", unit="{entry}", description="Entries in the tree")
checkpoint_age = meter.create_gauge(
    "kycuong.audit.checkpoint_age", unit="s", description="Age of the newest checkpoint"
)
held = meter.create_gauge(
    "kycuong.audit.held", unit="{event}", description="Events waiting for an earlier one of their unit"
)
held_age = meter.create_gauge(
    "kycuong.audit.held_age", unit="s", description="Age of the oldest held event; alarm over 60 s"
)
held_alarms = meter.create_counter(
    "kycuong.audit.held_alarms", description="Times that an event was held for over 60 s"
)
refusals = meter.create_counter("kycuong.audit.refusals", description="Events refused, by reason: each is an alarm")
appended = meter.create_counter("kycuong.audit.appended", unit="{entry}", description="Entries appended")
unpublished = meter.create_gauge(
    "kycuong.audit.unpublished", unit="{entry}", description="Entries not yet on the stream"
)
unwitnessed = meter.create_gauge(
    "kycuong.audit.unwitnessed", unit="s", description="How long a checkpoint has been waiting for its witnesses"
)
witness_failures = meter.create_counter(
    "kycuong.audit.witness_failures", description="Times that a witness gave no cosignature, by witness"
)
published_without_quorum = meter.create_counter(
    "kycuong.audit.published_without_quorum",
    description="Checkpoints published without a quorum, as set: each an alarm",
)
