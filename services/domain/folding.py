"""One folding for every search: what people type without marks finds what is stored with them. Pure.

`static/words.js` folds alike; a test holds the two together.
"""

import re
import unicodedata

# Đ of Vietnamese, Ð of Icelandic and Ɖ of Ewe look alike and are typed for one another; none decomposes
_BARRED = str.maketrans("đĐðÐɖƉ", "dddddd")
# M'Đrắk, M’Đrắk, Mʼđrăk: an apostrophe joins, however it is typed
_JOINING = re.compile("['’‘ʼʹ`´′＇\u200b-\u200f\u2060\ufeff\u00ad]")


def plain(text: str) -> str:
    """Lower case without marks, words apart: `Tân Hòa`, `TAN  HÒA` and `tan-hoa` are `tan hoa`; `M’Đrắk` is `mdrak`."""
    bare = unicodedata.normalize("NFKD", _JOINING.sub("", text)).translate(_BARRED).lower()
    kept = (
        letter if _is_letter(letter) else " " for letter in bare if not unicodedata.category(letter).startswith("M")
    )
    return " ".join("".join(kept).split())


def _is_letter(letter: str) -> bool:
    return unicodedata.category(letter)[0] in "LN"
