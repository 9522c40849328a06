"""`kycuong log trust|key|reader` where they cannot do what is asked."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from services.audit import cli


@pytest.mark.parametrize(
    ("command", "arguments"),
    [(cli.trust, ["--yes"]), (cli.key, ["list"]), (cli.key, ["add", "--token", "x"]), (cli.reader, ["add", "x"])],
)
def test_a_folder_without_an_installation_is_said_and_left_as_it_is(
    tmp_path: Path, command: object, arguments: list[str]
) -> None:
    answer = CliRunner().invoke(command, [*arguments, "--data", str(tmp_path)])  # type: ignore[arg-type]
    assert (answer.exit_code, "start `kycuong run` first" in answer.output) == (2, True)
    assert list(tmp_path.iterdir()) == []
