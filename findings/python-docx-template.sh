#!/usr/bin/env bash
# python-docx 1.2.0, seen 2026-11-29.
#
# A document made from nothing, whose core properties, default language and font are all set to Vietnamese ones, still
# says American English in two places that no property reaches: `word/stylesWithEffects.xml`, a second copy of all
# styles for an older Word, keeps `w:lang w:val="en-US"`, and `word/settings.xml` keeps `w:themeFontLang w:val="en-US"
# w:eastAsia="ja-JP"`. The package also carries `docProps/thumbnail.jpeg`, the preview of another, empty document, which
# file managers show for every file made so. `styles["Normal"].font.name` sets the fonts of `ascii` and `hAnsi` alone;
# `cs` and `eastAsia` stay with the theme's.
# Removing the two relationships (`part.rels`, `package.rels`) removes both parts from the saved file.
set -euo pipefail
place=$(mktemp -d); trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q python-docx==1.2.0
cd "$place"
"$place/venv/bin/python" - <<'PY'
import io
import zipfile

from docx import Document
from docx.oxml.ns import qn


def made(document) -> dict[str, bytes]:
    out = io.BytesIO()
    document.save(out)
    archive = zipfile.ZipFile(out)
    return {name: archive.read(name) for name in archive.namelist()}


document = Document()
document.core_properties.language, document.core_properties.author = "vi-VN", "An office"
document.styles["Normal"].font.name = "Times New Roman"
for language in document.styles.element.iter(qn("w:lang")):
    language.set(qn("w:val"), "vi-VN")
fonts = {name.rpartition("}")[2] for name in document.styles["Normal"].element.rPr.rFonts.attrib}
parts = made(document)
english = sorted(name for name, raw in parts.items() if b'w:val="en-US"' in raw)
print("still English:", english, "| fonts set:", sorted(fonts), "| thumbnail:", "docProps/thumbnail.jpeg" in parts)
assert english == ["word/settings.xml", "word/stylesWithEffects.xml"]
assert fonts == {"ascii", "hAnsi"} and "docProps/thumbnail.jpeg" in parts
for relations, kind in ((document.part.rels, "stylesWithEffects"), (document.part.package.rels, "thumbnail")):
    for name in [name for name, one in relations.items() if one.reltype.endswith(kind)]:
        del relations[name]
left = made(document)
assert "word/stylesWithEffects.xml" not in left and "docProps/thumbnail.jpeg" not in left
PY
