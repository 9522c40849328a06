"""`kycuong log verify|export|monitor`: verify a log from outside, copy it, watch it."""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import click

from services.audit.verifier.draws import described
from services.audit.verifier.export import export_log
from services.audit.verifier.faults import BadLog
from services.audit.verifier.reading import Place, own_keys
from services.audit.verifier.remembered import Memory, default_folder
from services.audit.verifier.sources import CannotRead
from services.audit.verifier.trust import Trust
from services.audit.verifier.verify import Asked, Verdict, read_draw
from services.audit.verifier.verify import verify as verify_log
from services.kernel.log.note import BadNote
from services.kernel.log.witness_policy import BadPolicy
from services.kernel.progress import bar

VKEY = click.option(
    "--vkey", "vkeys", multiple=True, metavar="FILE|STRING",
    help="Khóa kiểm chứng; nhiều lần khi đổi khóa / a verifier key; several while keys change.",
)  # fmt: skip
_WITNESS = click.option(
    "--witness", "witnesses", multiple=True, metavar="VKEY|FILE",
    help="Nhân chứng phải ký cùng; nhiều lần / a witness who must have cosigned; repeatable.",
)  # fmt: skip
_POLICY = click.option(
    "--policy", metavar="FILE", type=click.Path(exists=True, dir_okay=False),
    help="Nhật ký, nhân chứng và số đủ (C2SP tlog-policy) / logs, witnesses and their quorum.",
)  # fmt: skip
TOKEN = click.option(
    "--token", envvar="KYCUONG_TOKEN", help="Mã truy cập để đọc sự kiện / a token that may read entries."
)
_STATE = click.option(
    "--state", metavar="DIR|none",
    help="Nơi nhớ mốc kiểm chứng đã chấp nhận / where the accepted checkpoint is remembered "
    "[default: ~/.local/state/kycuong/verify/…].",
)  # fmt: skip


@click.command("verify")
@click.argument("place", metavar="URL|DIR")
@VKEY
@_WITNESS
@_POLICY
@TOKEN
@_STATE
@click.option(
    "--full/--incremental", default=True, show_default=True,
    help="Toàn bộ, hay chỉ phần mới từ lần chấp nhận trước / all of it, or what came after the last accepted size.",
)  # fmt: skip
@click.option("--hashes-only", is_flag=True, help="Chỉ mã băm, không đọc nội dung / hashes only, not what entries say.")
@click.option("--jobs", type=click.IntRange(1), help="Số tiến trình / processes [default: one per core].")
@click.option("--json", "as_json", is_flag=True, help="Kết quả dạng JSON / the verdict as JSON.")
def verify(
    place: str, vkeys: tuple[str, ...], witnesses: tuple[str, ...], policy: str | None, token: str | None,
    state: str | None, full: bool, hashes_only: bool, jobs: int | None, as_json: bool,
) -> None:  # fmt: skip
    """Kiểm chứng nhật ký ở một địa chỉ hay trong một thư mục / verify the log at a URL or in a folder.

    Mã thoát / exit code 0: đạt / it holds. 1: không đạt, nêu sự kiện sai đầu tiên / it does not, the first bad index
    is named; hoặc --state là của nhật ký khác / or --state is of another log. 2: không đọc được / it could not be read.
    """
    with asking(), bar("verify") as progress:
        trust = Trust.read(vkeys, witnesses, policy)
        asked = Asked(full, hashes_only, jobs, None if state == "none" else _memory(state, trust), progress)
        verdict = verify_log(Place(place, token), trust, asked)
    click.echo(json.dumps(verdict.as_json(), ensure_ascii=False) if as_json else describe(verdict))
    sys.exit(0 if verdict.ok else 1)


def _memory(state: str | None, trust: Trust) -> Memory:
    """What was accepted of this log; a folder that holds another log's is refused before anything is compared."""
    memory = Memory(Path(state) if state else default_folder(trust.origin))
    seen = memory.load()
    if seen is not None and seen.checkpoint.origin != trust.origin:
        raise OtherLog(
            f"--state {memory.folder} nhớ nhật ký {seen.checkpoint.origin}, còn khóa là của {trust.origin}: hãy chọn "
            f"thư mục khác cho nhật ký này, hoặc bỏ --state / this folder remembers the log {seen.checkpoint.origin}, "
            f"and the key is of {trust.origin}: choose another folder for this log, or leave --state out"
        )
    return memory


def describe(verdict: Verdict) -> str:
    """The verdict in words, Vietnamese first."""
    if not verdict.ok:
        kept = f"\nbằng chứng / evidence: {verdict.evidence}" if verdict.evidence else ""
        return f"KHÔNG ĐẠT / BAD: {verdict.error}{kept}"
    lines = [
        f"ĐẠT / OK: {verdict.origin}: {verdict.size} sự kiện / entries, {verdict.units} đơn vị / units, "
        f"mã gốc / root {verdict.root.hex()}",
        _extent(verdict),
        _before(verdict),
    ]
    lines += [
        f"chưa biết loại / unknown type: {name}: {count} (không phải lỗi / not an error)"
        for name, count in verdict.unknown_types.items()
    ]
    lines += [
        f"nhân chứng / witness: {name}: {datetime.fromtimestamp(time, UTC).isoformat()}"
        for name, time in sorted(verdict.witnesses.items())
    ]
    lines += [f"khóa mới được báo trong nhật ký / key announced in the log: {key}" for key in verdict.keys_added]
    return "\n".join(lines)


def _extent(verdict: Verdict) -> str:
    end = verdict.size
    what = "mã băm / hashes" if verdict.hashes_only else "mã băm và nội dung / hashes and content"
    return f"đã kiểm / checked: {what}, {verdict.checked} sự kiện / entries [{verdict.since}, {end})"


def _before(verdict: Verdict) -> str:
    if verdict.accepted is None:
        return "chưa có mốc kiểm chứng nào được chấp nhận trước đây / no checkpoint was accepted before"
    return f"nối tiếp mốc kiểm chứng đã chấp nhận / extends the checkpoint accepted before: {verdict.accepted}"


@click.command("export")
@click.argument("folder", metavar="DIR", type=click.Path(file_okay=False, path_type=Path))
@click.option("--url", default="http://127.0.0.1:8000/audit/", show_default=True, help="Nhật ký / the log's prefix.")
@VKEY
@_WITNESS
@_POLICY
@TOKEN
def export(
    folder: Path, url: str, vkeys: tuple[str, ...], witnesses: tuple[str, ...], policy: str | None, token: str | None
) -> None:
    """Chép nhật ký ra thư mục / copy the log into a folder, as served; a repeat fetches what is new."""
    with asking(), bar("export") as progress, closing(Place(url, token).open()) as source:
        try:
            checkpoint = export_log(source, Trust.read(vkeys, witnesses, policy), folder, progress)
        except BadLog as fault:
            raise click.ClickException(str(fault)) from fault
    click.echo(f"đã chép / copied: {checkpoint.size} sự kiện / entries → {folder}")


@click.command("monitor")
@click.argument("place", metavar="URL|DIR")
@VKEY
@_WITNESS
@_POLICY
@click.option("--token-file", metavar="FILE", help="Tệp giữ mã truy cập, chỉ quyền đọc / holds a read-only token.")
@click.option("--state", metavar="DIR", help="Nơi nhớ / where it remembers [default: ~/.local/state/kycuong/verify/…].")
@click.option(
    "--every",
    type=click.FloatRange(0, min_open=True),
    default=60,
    show_default=True,
    help="Giây giữa hai lần kiểm / seconds.",
)
@click.option("--full-every", type=float, default=86_400, show_default=True, help="Giây giữa hai lần kiểm toàn bộ.")
@click.option("--stale", type=float, default=3_600, show_default=True, help="Mất liên lạc bao lâu thì báo động / s.")
@click.option("--clear", is_flag=True, help="Đã xem báo động, xóa đi / the alarm was seen: clear it.")
@click.option("--once", is_flag=True, help="Một lần rồi thôi: mã thoát 0, 1 báo động, 2 không đọc được / check once.")
def monitor(
    place: str, vkeys: tuple[str, ...], witnesses: tuple[str, ...], policy: str | None, token_file: str | None,
    state: str | None, every: float, full_every: float, stale: float, clear: bool, once: bool,
) -> None:  # fmt: skip
    """Canh nhật ký từ bên ngoài, báo động khi có điều sai / watch a log from outside and raise an alarm.

    Báo động giữ nguyên đến khi có người xóa bằng --clear / an alarm stays until a person clears it.
    """
    from services.audit.verifier.monitor import Monitor, Schedule, end_now, token_in
    from services.kernel.process.telemetry import exporting, log_to_stderr

    with asking(), exporting("monitor"):
        log_to_stderr()
        if state == "none":
            raise click.UsageError("--state: giám sát cần nơi để nhớ / a monitor needs a place to remember")
        trust = Trust.read(vkeys, witnesses, policy)
        watching = Monitor(
            place, token_in(token_file), trust, _memory(state, trust), Schedule(every, full_every, stale)
        )
        if clear:
            watching.clear()
        if once:
            sys.exit(watching.check())
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, end_now)
        watching.run()


class OtherLog(click.ClickException):
    """The state folder is another log's: nothing was compared, and nobody is to blame. Exit code 1."""


@contextmanager
def asking() -> Iterator[None]:
    """What cannot be asked is no verdict: exit code 2."""
    try:
        yield
    except (CannotRead, BadNote, BadPolicy, OSError) as fault:
        raise click.UsageError(str(fault)) from fault
    except KeyboardInterrupt:
        sys.exit(130)  # broken off is no verdict; click would make it a 1


@click.command("verify")
@click.argument("place", metavar="URL|DIR")
@click.option("--round", "round_id", required=True, metavar="ID", help="Đợt kiểm tra / the round.")
@VKEY
@TOKEN
def draw_verify(place: str, round_id: str, vkeys: tuple[str, ...], token: str | None) -> None:
    """Kiểm lại một lần rút thăm, chỉ từ nhật ký / check a draw, by the log alone.

    Không có --vkey thì tin khóa mà chính nhật ký đưa ra / without --vkey the key that the log itself gives is believed.
    Mã thoát / exit code 0: đúng / as computed. 1: nêu điều sai / what differs. 2: không đọc được / cannot read.
    """
    with asking(), bar("draw") as progress, closing(Place(place, token).open()) as source:
        try:
            check = read_draw(source, Trust.read(vkeys or own_keys(source)), round_id, progress)
        except BadLog as fault:
            raise click.ClickException(str(fault)) from fault
    differences = list(check.differences())
    click.echo(described(check, differences))
    if not vkeys:
        click.echo("khóa là do chính nơi này đưa ra / the key is this place's own word: --vkey", err=True)
    sys.exit(1 if differences else 0)
