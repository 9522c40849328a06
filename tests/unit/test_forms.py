"""Names that stand in the log for all to read: honest numbers pass, nobody's telephone or identity number does."""

import pytest
from pydantic import TypeAdapter, ValidationError

from services.intake.writing.forms import Name

NAMES = TypeAdapter(Name)


@pytest.mark.parametrize("name", [
    "Trường THCS 30-4", "Đồn Biên phòng 123", "Trạm Y tế 1 (cũ: 2, 3)", "UBND xa-0912345678ab", "UBND xa-019123456789",
    "UBND 01912345-1234-7123-8123-012345678901", "Quyết định 1234/QĐ-UBND ngày 15/07/2025", "SIPAS 2024 2025 2026",
    "Khảo sát 01-07-2025 - 30-09-2025", "SIPAS 01.07.2025-30.09.2025", "SIPAS 2025-07-01 2025-09-30",
    "SIPAS 2025-2026 1", "Đợt 1 2026-09-01", "Phiếu 20260901", "SIPAS 20-9-2026 10 phòng",
])  # fmt: skip
def test_days_years_references_and_ids_are_no_telephone(name):
    assert NAMES.validate_python(name) == name


@pytest.mark.parametrize("number", [
    "0912345678", "0912 345 678", "0912.345.678", "0912-345-678", "0912–345–678", "+84 912 345 678", "84912345678",
    "0902 2025 123", "02838291234", "079080001234", "079.080.001234", "123456789", "123 456 789",
])  # fmt: skip
@pytest.mark.parametrize(
    "around", ["{} A", "Ông A {}", "Ông A, gọi:{}.", "Ông A ({})", "Ông A {}/0987654321", "Ông A {} - 2"]
)
def test_a_telephone_or_an_identity_number_is_refused(number, around):
    with pytest.raises(ValidationError, match="telephone"):
        NAMES.validate_python(around.format(number))
