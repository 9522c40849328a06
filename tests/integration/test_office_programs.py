"""Our files in an office program: skips loudly where there is none, fails there when KYCUONG_REQUIRE_SOFFICE=1."""

import csv
import os
import shutil
import subprocess
from pathlib import Path

import openpyxl
import pytest
from pypdf import PdfReader

from tests.integration.test_old_folder import Old, old
from tests.integration.test_reports_exports import ask, published

__all__ = ["old"]


@pytest.fixture
def soffice() -> str:
    program = shutil.which("soffice")
    if program is None:
        needed = "LibreOffice: apt-get install --no-install-recommends libreoffice-calc-nogui libreoffice-writer-nogui"
        if os.environ.get("KYCUONG_REQUIRE_SOFFICE") == "1":
            pytest.fail(f"KYCUONG_REQUIRE_SOFFICE=1, but there is no soffice on the path; {needed}")
        pytest.skip(f"NO OFFICE PROGRAM: the files were not opened by one; {needed}")
    return program


def convert(soffice: str, file: Path, to: str, reading: str | None = None) -> list[Path]:
    """What it makes of a file, in a folder of its own."""
    out = file.parent / f"{file.name}.{to.partition(':')[0]}"
    home = {"HOME": str(file.parent), "PATH": os.environ["PATH"], "LANG": "C.UTF-8"}
    how = [f"--infilter={reading}"] if reading else []
    command = [soffice, "--headless", *how, "--convert-to", to, "--outdir", str(out), str(file)]
    subprocess.run(command, check=True, capture_output=True, env=home, timeout=180)
    return sorted(out.iterdir())


async def test_an_office_program_reads_the_list_as_it_is(old: Old, soffice: str, tmp_path: Path) -> None:
    """Numbers stay numbers, words stay words; nothing is cut from a page, and the code stands on it."""
    quarter, edition = await published(old)
    listing = (await ask(old, f"{quarter}?edition={edition}")).json()
    files = {}
    for name in ("xlsx", "docx", "csv&dialect=excel-vi"):
        files[name] = tmp_path / f"list.{name.partition('&')[0]}"
        files[name].write_bytes((await ask(old, f"{quarter}?edition={edition}&format={name}")).content)
    scored = {row["unit_name"]: float(row["score"]) for row in listing["cards"] if row["score"] is not None}
    # a sheet each as CSV, as the program shows its cells
    sheets = convert(
        soffice, files["xlsx"], "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,false,false,false,-1"
    )
    [shown] = [sheet for sheet in sheets if "Phiếu điểm" in sheet.name]
    rows = list(csv.DictReader(shown.read_text("utf-8").splitlines()))
    assert {row["Đơn vị"]: float(row["Điểm"]) for row in rows if row["Điểm"]} == scored
    # as a Vietnamese machine opens it: locale 1066, decimal commas
    [opened] = convert(
        soffice, files["csv&dialect=excel-vi"], "xlsx:Calc MS Excel 2007 XML", "CSV:59,34,76,1,,1066,false,true"
    )
    cells = list(openpyxl.load_workbook(opened).active.values)
    name, score = cells[0].index("Đơn vị"), cells[0].index("Điểm")
    assert {row[name]: row[score] for row in cells[1:] if row[score] is not None} == scored
    [words] = convert(soffice, files["docx"], "txt:Text (encoded):UTF8")
    text = " ".join(words.read_text("utf-8-sig").split())
    assert "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM" in text and all(name in text for name in scored)
    [paper] = convert(soffice, files["docx"], "pdf")
    assert PdfReader(paper).pages[-1].images  # the code
    [printed] = convert(soffice, files["xlsx"], "pdf")
    wide = [float(page.mediabox.width) for page in PdfReader(printed).pages]
    assert len(wide) <= len(sheets) + 1  # one page wide each; the columns' names are more than one page high
    assert max(wide) > 1190  # many columns stand on A3
