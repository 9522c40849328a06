"""What keepers insert goes inside the one statement that stores writes, on parameters of its own."""

import re

from services.intake.nouns import keepers
from services.intake.writing.keeper import Insertion, Keeper
from services.intake.writing.sql import QUERIES
from services.intake.writing.storing import Store
from services.kernel.store.db import columns


class Keeping(Keeper):
    """Inserts rows of its own."""

    insertion = Insertion("-- two columns\nINSERT INTO thing SELECT * FROM unnest($1::int[], $2::text[]);", 2)


def parameters(statement: str) -> set[int]:
    return {int(number) for number in re.findall(r"\$(\d+)", statement)}


def test_without_insertions_the_statement_is_the_writes_own() -> None:
    assert Store([Keeper()])._statement == QUERIES.store_writes
    assert parameters(QUERIES.store_writes) == set(range(1, 21))


def test_insertions_follow_on_the_statements_own_parameters() -> None:
    statement = Store([Keeping(), Keeper(), Keeping()])._statement
    assert parameters(statement) == set(range(1, 25))
    assert "unnest($21::int[], $22::text[])\n)" in statement and "unnest($23::int[], $24::text[])\n)" in statement
    assert statement.count(";") == 1 and statement.endswith(";")


def test_the_insertions_of_the_real_keepers_are_as_wide_as_they_say() -> None:
    inserting = [keeper.insertion for keeper in keepers() if keeper.insertion is not None]
    assert inserting
    assert all(parameters(insertion.sql) == set(range(1, insertion.width + 1)) for insertion in inserting)


def test_rows_are_columns_also_when_there_are_none() -> None:
    assert columns([(1, "a"), (2, "b")], 2) == [[1, 2], ["a", "b"]]
    assert columns([], 3) == [[], [], []]
