"""What `kycuong demo` begins, goes on with, or leaves alone; and its bar."""

import io
from datetime import UTC, datetime
from pathlib import Path

import click
import pytest
from rich.console import Console

from services.demo.accounts import ACCOUNTS, passwords, table
from services.demo.cli import Tale, _begin
from services.demo.load import Summary, progress_on_terminal
from services.kernel.identity.roles import Role
from services.kernel.process.folder import Folder


def test_a_tale_goes_on_as_it_was_begun_and_is_told_once(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "data")
    tale = _begin(folder, seed=7)
    assert tale is not None
    assert tale.seed == 7
    assert folder.is_demo
    assert _begin(Folder(tmp_path / "data"), seed=8) == tale
    folder.end_load()
    assert folder.is_demo
    assert _begin(folder, seed=8) is None


def test_a_note_keeps_seed_and_moment() -> None:
    tale = Tale(3, datetime(2026, 11, 23, 3, 0, 1, tzinfo=UTC))
    assert Tale.of_note(tale.note()) == tale


def test_real_data_is_left_alone(tmp_path: Path) -> None:
    folder = Folder(tmp_path).prepare()
    folder.secret_text("database_url", "postgresql://elsewhere/")
    with pytest.raises(click.ClickException, match="hãy chọn thư mục khác"):
        _begin(folder, seed=1)
    assert not folder.is_demo


def test_passwords_are_made_once_and_closed_to_others(tmp_path: Path) -> None:
    made = passwords(tmp_path)
    assert passwords(tmp_path) == made
    assert set(made) == {one.account for one in ACCOUNTS}
    assert len(set(made.values())) == len(made)
    assert all(len(password) >= 12 for password in made.values())
    assert (tmp_path / "demo-accounts.json").stat().st_mode & 0o777 == 0o600


def test_every_role_has_somebody_to_sign_in_as(tmp_path: Path) -> None:
    assert {one.role for one in ACCOUNTS} == set(Role)
    lines = table(passwords(tmp_path)).splitlines()
    assert len(lines) == len(ACCOUNTS)


def test_a_bar_on_a_terminal_and_nothing_in_a_pipe() -> None:
    for terminal in (True, False):
        written = io.StringIO()
        console = Console(file=written, force_terminal=terminal, width=100)
        with progress_on_terminal(console) as report:
            report(500, 1_000, "Nạp tỉnh An Sơn · 01/04/2026")
        assert ("500/1000" in written.getvalue()) is terminal
        assert ("01/04/2026" in written.getvalue()) is terminal


def test_the_summary_is_a_vietnamese_sentence() -> None:
    assert Summary(9_424, 0, 1_045, 24.46, 10_309).sentences() == (
        "Đã nạp 9.424 dòng trong 1.045 lô, 24,5 giây. Nhật ký có 10.309 mục; "
        "Quý II và Quý III/2026 đã chốt, Quý II đã công bố."
    )
    assert "(424 dòng đã có từ lần trước)" in Summary(9_000, 424, 1_045, 1.0, 10_309).sentences()
