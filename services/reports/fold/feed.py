"""Where reports reads the log: the installation's stream and audit service, checked with the log's own key."""

from __future__ import annotations

from services.kernel.feed.client import LogClient, find_keys
from services.kernel.feed.entries import Covered, EntryFeed, LogDiffers
from services.kernel.log.merkle import CompactRange, leaf_hash
from services.kernel.log.note import Verifier
from services.kernel.process.settings import Settings
from services.kernel.streams import Stream

CONSUMER = "reports"


async def open_feed(settings: Settings, stream: Stream) -> EntryFeed:
    """The fold's feed of this installation's log; waits until the log's key is known."""
    return EntryFeed(
        stream,
        settings.topic("audit.entries"),
        CONSUMER,
        audit_url=settings.audit_url,
        read_token=settings.folder.read_token(),
        keys=await find_keys(settings.folder, settings.audit_url),
    )


def log_client(settings: Settings) -> LogClient:
    """The installation's log, read when somebody asks for what the projections do not hold."""
    keys = settings.folder.vkeys
    return LogClient(settings.audit_url, settings.folder.read_token(), lambda: [Verifier.parse(key) for key in keys()])


async def read_whole(settings: Settings) -> Covered:
    """The whole log over HTTP up to its present checkpoint, as one run; LogDiffers when its root is not the signed one.

    LogUnreachable when the audit service does not answer.
    """
    keys = await find_keys(settings.folder, settings.audit_url)
    client = LogClient(settings.audit_url, settings.folder.read_token(), keys)
    try:
        checkpoint = await client.checkpoint()
        entries = await client.entries(0, checkpoint.size, checkpoint.size)
    finally:
        await client.close()
    tree = CompactRange()
    tree.extend(map(leaf_hash, entries))
    if (tree.size, tree.root()) != (checkpoint.size, checkpoint.root):
        raise LogDiffers(f"the entries do not have the root that is signed for size {checkpoint.size}")
    return Covered(0, entries, [None] * len(entries), checkpoint, tree)
