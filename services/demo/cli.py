"""`kycuong demo`: starts all services on a folder of its own, loads the fictional province, and says where to click."""

import asyncio
import json
import os
import signal
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import click

from services.demo.accounts import FILE, Office, passwords, table
from services.demo.history import DEFAULT_SEED
from services.demo.load import load, progress_on_terminal
from services.demo.schedule import story_end
from services.domain.rulefiles import load_calendar
from services.kernel.command import in_words
from services.kernel.options import DATA, HOST, PORT
from services.kernel.process.folder import Folder
from services.kernel.process.settings import Settings
from services.kernel.quarters import parse_instant, rfc3339
from services.kernel.store.db import open_pool

_MAIL_FOLDER, _SENDER = "KYCUONG_MAIL_FOLDER", "Kỷ Cương An Sơn <ky-cuong@an-son.example>"


@dataclass(frozen=True, slots=True)
class Tale:
    """What is told: the same seed and moment give the same bytes, so a stopped load goes on where it ended."""

    seed: int
    now: datetime

    def note(self) -> str:
        """What the folder keeps of it while it is being loaded."""
        return json.dumps({"seed": self.seed, "now": rfc3339(self.now)})

    @classmethod
    def of_note(cls, note: str) -> "Tale":
        """The tale that a folder's note began."""
        kept = json.loads(note)
        return cls(kept["seed"], parse_instant(kept["now"]))


@click.command()
@DATA
@HOST
@PORT
@click.option("--seed", type=int, default=DEFAULT_SEED, show_default=True, help="hạt giống của dữ liệu (seed)")
def demo(data: Path, host: str, port: int, seed: int) -> None:
    """Chạy tỉnh An Sơn hư cấu để xem thử (run a fictional province to look around)."""
    import uvloop

    from services.kernel.process import telemetry

    folder = Folder(data)
    with in_words():
        telemetry.log_to_stderr("WARNING")
        tale = _begin(folder, seed)
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_run(folder, host, port, tale))


def _begin(folder: Folder, seed: int) -> Tale | None:
    """What is still to be told: all in a new folder, the rest of a stopped load, nothing once it is loaded."""
    if folder.load_begun is not None:
        return Tale.of_note(folder.load_begun)
    if folder.is_demo:
        return None
    if folder.has_secret("database_url"):
        raise click.ClickException(
            f"{folder.path} đã có dữ liệu thật; hãy chọn thư mục khác (not a demo: use another folder)"
        )
    tale = Tale(seed, datetime.now(UTC).replace(microsecond=0))
    story_end(tale.now, load_calendar())
    return Tale.of_note(folder.prepare().begin_load(tale.note()))


async def _run(folder: Folder, host: str, port: int, tale: Tale | None) -> None:
    """Serve until a signal; load meanwhile. A load that fails ends the services too."""
    from services import run as composition

    # letters of the demo leave for nobody: they are files that one can read
    os.environ.setdefault(_MAIL_FOLDER, str(folder.path / "mail"))
    os.environ.setdefault("KYCUONG_MAIL_FROM", _SENDER)
    ready: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    url = os.environ.get("KYCUONG_DATABASE_URL") or None
    serving = asyncio.create_task(composition.run(folder.path, host, port, url, ready.set_result))
    telling = asyncio.create_task(_tell(folder, ready, tale))
    await asyncio.wait({serving, telling}, return_when=asyncio.FIRST_COMPLETED)
    if serving.done():
        telling.cancel()
    elif telling.exception() is not None:
        os.kill(os.getpid(), signal.SIGINT)
    (_, told) = await asyncio.gather(serving, telling, return_exceptions=True)
    if not serving.cancelled() and (failure := serving.exception()) is not None:
        raise failure
    if isinstance(told, Exception):
        raise told


async def _tell(folder: Folder, ready: "asyncio.Future[str]", tale: Tale | None) -> None:
    """Load what is still to be told, open the accounts, and print where to click and as whom."""
    address = await ready
    settings = Settings(data=folder.path, database_url=folder.secret_text("database_url"))
    pool = await open_pool(settings.dsn("intake_app"), name="demo", size=2)
    try:
        office = Office(pool, settings.source)
        if tale is not None:
            with progress_on_terminal() as progress:
                summary = await load(address, office.token, seed=tale.seed, now=tale.now, progress=progress)
            await office.open_accounts(passwords(folder.path))
            await office.open_addresses(folder)
            # a crash before this line leaves the folder under load: the next start files all again, and finds it there
            folder.end_load()
            click.echo(summary.sentences())
    finally:
        await pool.close()
    _welcome(click.echo, folder, address)


def _welcome(say: Callable[[str], None], folder: Folder, address: str) -> None:
    say(f"\nTỉnh An Sơn (hư cấu) đang chạy ở {address}")
    say(f"  biểu mẫu kiểm tra  {address}intake/")
    say(f"  xử lý hồ sơ        {address}intake/desk/")
    say(f"  phiếu điểm quý     {address}reports/")
    say(f"  nhật ký            {address}audit/")
    say(f"  thư gửi đi         {os.environ[_MAIL_FOLDER]} (bản tin tuần có trong vài phút)")
    say(f"\nTài khoản và mật khẩu (giữ trong {folder.path / FILE}):")
    say(table(passwords(folder.path)))
    say("\nCtrl-C để dừng; chạy lại lệnh này để mở lại cùng dữ liệu (the same command opens it again).")
    say(f"ready {address}")
