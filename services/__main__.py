"""The command line: `kycuong run|serve|demo|token|account|calendar|log …`. Exit codes: 0 fine, 1 failed, 2 usage."""

import asyncio
import contextlib
import gc
import os
from collections.abc import Coroutine
from importlib import import_module
from pathlib import Path

import click

from services.kernel.options import DATA, HOST, PORT

gc.set_threshold(50_000, 20, 20)  # what a start imports stays: looking it through again and again took a seventh of it


class Lazy(click.Group):
    """A group whose commands are imported when they are called, so that `--help` and `token` answer at once."""

    def __init__(self, *args: object, lazy: dict[str, str], **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self._lazy = lazy

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted({*super().list_commands(ctx), *self._lazy})

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in self._lazy:
            return super().get_command(ctx, name)
        module, _, attribute = self._lazy[name].partition(":")
        command = getattr(import_module(module), attribute)
        assert isinstance(command, click.Command)  # noqa: S101 - the table above is wrong otherwise
        return command


@click.group(
    cls=Lazy,
    lazy={
        "token": "services.intake.cli:token",
        "account": "services.intake.cli:account",
        "calendar": "services.intake.cli:calendar",
        "demo": "services.demo.cli:demo",
        "rebuild": "services.reports.cli:rebuild",
    },
)
def cli() -> None:
    """Kỷ Cương: kiểm tra công vụ với nhật ký kiểm chứng được (public-duty inspections with a verifiable log)."""


@cli.group(
    cls=Lazy,
    lazy={
        "verify": "services.audit.verifier.cli:verify",
        "export": "services.audit.verifier.cli:export",
        "monitor": "services.audit.verifier.cli:monitor",
        "key": "services.audit.cli:key",
        "reader": "services.audit.cli:reader",
        "trust": "services.audit.cli:trust",
    },
)
def log() -> None:
    """Nhật ký: kiểm chứng, chép, giám sát, khóa (the log: verify, export, monitor, keys)."""


@cli.group(cls=Lazy, lazy={"verify": "services.audit.verifier.cli:draw_verify"})
def draw() -> None:
    """Rút thăm: kiểm lại từ nhật ký (draws: check one by the log alone)."""


@cli.group(cls=Lazy, lazy={"recompute": "services.scorecard:recompute"})
def scorecard() -> None:
    """Phiếu điểm: tính lại chỉ từ nhật ký (scorecards: computed anew from the log alone)."""


def announce(address: str) -> None:
    """The one line on stdout that says the services are ready."""
    print(f"ready {address}", flush=True)  # noqa: T201 - this line is the program's output


@cli.command()
@DATA
@HOST
@PORT
def run(data: Path, host: str, port: int) -> None:
    """Chạy cả ba dịch vụ trong một tiến trình (all services in one process)."""
    from services import run as composition
    from services.kernel import command
    from services.kernel.process import telemetry

    with command.in_words():
        telemetry.log_to_stderr()
        _loop(composition.run(data, host, port, os.environ.get("KYCUONG_DATABASE_URL") or None, announce))


@cli.command()
@click.argument("service", type=click.Choice(["intake", "audit", "reports"]))
@DATA
@HOST
@PORT
def serve(service: str, data: Path, host: str, port: int) -> None:
    """Chạy một dịch vụ (one service alone; needs KYCUONG_DATABASE_URL and `kycuong migrate` before)."""
    from services import run as composition
    from services.kernel import command
    from services.kernel.process import telemetry

    with command.in_words():
        telemetry.log_to_stderr()
        _loop(composition.serve_one(service, data, host, port, _database_url(), announce))


@cli.command()
@DATA
@click.option("--users", help="intake=…,audit=…,reports=…: người dùng của từng dịch vụ (each service's user)")
@click.option("--group", help="nhóm chung của các người dùng đó (the group that these users share)")
def migrate(data: Path, users: str | None, group: str | None) -> None:
    """Tạo hoặc nâng cấp cơ sở dữ liệu ở KYCUONG_DATABASE_URL (roles, schemas, tables)."""
    from services import run as composition
    from services.kernel import command
    from services.kernel.process import custody, folder, telemetry

    if (users is None) != (group is None):
        raise click.UsageError("--users đi cùng --group (--users and --group go together)")
    with command.in_words():
        telemetry.log_to_stderr("WARNING")
        url = _database_url()
        keepers = custody.Custody.parse(users, group, composition.SERVICES) if users and group else None
        place = folder.Folder(data).prepare()
        asyncio.run(composition.prepare(composition.settings_of(place, url)))
        composition.remember_database(place, url)
        if keepers is not None:
            composition.hand_over(place, keepers)


def _database_url() -> str:
    url = os.environ.get("KYCUONG_DATABASE_URL")
    if not url:
        raise click.UsageError("hãy đặt KYCUONG_DATABASE_URL (set KYCUONG_DATABASE_URL to the administrator's address)")
    return url


def _loop(main: Coroutine[object, object, None]) -> None:
    import uvloop

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner, contextlib.suppress(asyncio.CancelledError):
        runner.run(main)  # cancelled: it was told to end before it was ready


def main() -> None:
    """Entry point of the `kycuong` program."""
    cli(prog_name="kycuong")


if __name__ == "__main__":
    main()
