"""A database that is behind the log can be rebuilt from every type of event there is."""

from pathlib import Path

from services.intake.nouns import NOUNS
from services.intake.replay.fold import TOLD

SCHEMAS = Path(__file__).parents[2] / "schemas" / "events"


def test_every_type_of_the_log_is_told_to_the_rebuild() -> None:
    types = {path.name.removesuffix(".schema.json") for path in SCHEMAS.glob("*.*.v?.schema.json")}
    assert TOLD.keys() == {f"kycuong.{name}" for name in types}


def test_every_write_that_is_logged_can_be_repeated_after_a_rebuild() -> None:
    for noun in NOUNS:
        assert all((form.EVENT in TOLD) == noun.logged for form in noun.forms), noun.name
