"""A database that is behind the log can be rebuilt from every type of event there is."""

from pathlib import Path

from services.intake.replay.fold import TOLD
from services.intake.writing.commands import NOUNS
from services.intake.writing.repeats import _EVENTS

SCHEMAS = Path(__file__).parents[2] / "schemas" / "events"


def test_every_type_of_the_log_is_told_to_the_rebuild() -> None:
    types = {path.name.removesuffix(".schema.json") for path in SCHEMAS.glob("*.*.v?.schema.json")}
    assert TOLD.keys() == {f"kycuong.{name}" for name in types}


def test_every_write_that_is_logged_can_be_repeated_after_a_rebuild() -> None:
    assert _EVENTS.keys() == {noun.name for noun in NOUNS if noun.logged} - {"unit-changes"}
