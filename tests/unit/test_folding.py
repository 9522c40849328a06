"""One folding for every search: marks, letters that look alike, apostrophes, signs."""

import pytest

from services.domain.folding import plain

# what is stored or typed, and what both fold to; the phone's folding is held to the same list in a browser
SPELLINGS = {
    "Tân Hòa": "tan hoa", "TAN  HOÀ": "tan hoa", "ta\u0302n ho\u0300a": "tan hoa", "tan-hoa": "tan hoa",
    "Đức Minh": "duc minh", "Ðức Minh": "duc minh", "đức minh": "duc minh", "ðức minh": "duc minh", "Ɖức": "duc",
    "M'Đrắk": "mdrak", "M’Đrăk": "mdrak", "Mʼđrắk": "mdrak", "m’drak": "mdrak", "M‘Drak": "mdrak", "M`Drak": "mdrak",
    "Cư M'gar": "cu mgar", "Cư M’gar": "cu mgar", "cu mgar": "cu mgar", "Ea H'leo": "ea hleo", "Krông Pắc": "krong pac",
    "Tân\u200bHòa": "tanhoa", "Tân\u00a0Hòa": "tan hoa", "12/QĐ-SNV": "12 qd snv", "Đào, ĐỖ (số 2)": "dao do so 2",
    "Ｔân　Hòa": "tan hoa", "Ủy ban – xã": "uy ban xa", "%_'\"\u0000": "", "A–01": "a 01", "Sở 10": "so 10",
}  # fmt: skip


@pytest.mark.parametrize(("spelled", "folded"), SPELLINGS.items())
def test_what_looks_or_is_typed_alike_folds_alike(spelled: str, folded: str) -> None:
    assert plain(spelled) == folded and plain(folded) == folded
