"""Generic Vietnamese place names for the fictional province, and unit ids made of names. Pure."""

import re
import unicodedata
from random import Random

PROVINCE = "An Sơn"
CITY = "An Sơn"
DISTRICTS = ("Vân Khê", "Thạch Lương", "Sơn Đài", "Phong Nguyên", "Trúc Giang", "Mai Lĩnh", "Đông Khê")

_FIRST = (
    "Tân", "Phú", "An", "Bình", "Long", "Thanh", "Vĩnh", "Đông",
    "Xuân", "Yên", "Minh", "Hưng", "Quang", "Sơn", "Đức", "Thượng",
)  # fmt: skip
_SECOND = (
    "Hòa", "Lâm", "Minh", "Sơn", "Lộc", "Thịnh", "Khê", "Giang",
    "Điền", "Trạch", "Phong", "Hưng", "Lợi", "Thủy", "Cường", "Bình",
)  # fmt: skip
_TAKEN = {PROVINCE, "An Giang", "Tân Hòa", "Phú Lâm", "Bình Minh", *DISTRICTS}
_NOT_WORD = re.compile(r"[^a-z0-9]+")


def without_marks(text: str) -> str:
    """The text in lower case without Vietnamese marks, đ as d."""
    decomposed = unicodedata.normalize("NFD", text.lower().replace("đ", "d"))
    return "".join(character for character in decomposed if not unicodedata.combining(character))


def unit_id(name: str) -> str:
    """A unit's id of its name: `xa-tan-hoa` of `UBND xã Tân Hòa`."""
    return _NOT_WORD.sub("-", without_marks(name.removeprefix("UBND "))).strip("-")


def commune_names(random: Random, count: int) -> list[str]:
    """So many different place names in a drawn order; the three fixed names are not among them."""
    pool = [f"{first} {second}" for first in _FIRST for second in _SECOND if first != second]
    free = [name for name in pool if name not in _TAKEN]
    random.shuffle(free)
    return free[:count]


def shares(total: int, weights: list[float], least: int = 3) -> list[int]:
    """Whole numbers in proportion to the weights, each at least `least`, that add up to the total exactly."""
    rest = total - least * len(weights)
    if rest < 0:
        raise ValueError(f"{total} is too little for {len(weights)} units of {least}")
    exact = [rest * weight / sum(weights) for weight in weights]
    whole = [int(share) for share in exact]
    order = sorted(range(len(exact)), key=lambda n: (whole[n] - exact[n], n))
    for n in order[: rest - sum(whole)]:
        whole[n] += 1
    return [least + share for share in whole]
