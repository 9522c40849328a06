"""What the log tells its watchers."""

from services.kernel.telemetry import meter

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
