#!/usr/bin/env bash
# mammoth 1.13.0 (PyPI, and npm with Node), beside docx2txt 0.9 and python-docx 1.2.0, seen 2026-12-01.
#
# Offices break a line within a paragraph where two lines belong together: the two names at the head of a paper, an address, an opinion
# of several lines. `extract_raw_text`, by which documents are made searchable, puts two line ends between paragraphs, keeps tabs, and leaves such a break
# out altogether: "UBND TỈNH AN SƠNSỞ NỘI VỤ". The last word of each line and the first of the next are one word that nobody
# seeks, and a number at a line's end goes on with the next one's. Both of mammoth's languages do so; its HTML and Markdown have the line break, and
# docx2txt and python-docx read it.
#
# Seen: as asserted below. Take the text from mammoth's HTML; and papers that are to be found have a paragraph a line.
set -euo pipefail
place=$(mktemp -d); trap 'rm -rf "$place"' EXIT
npm install --silent --no-audit --no-fund --prefix "$place" mammoth@1.13.0 >/dev/null
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q mammoth==1.13.0 docx2txt==0.9 python-docx==1.2.0
cd "$place"
cat > read.cjs <<'JS'
const mammoth = require("mammoth");
mammoth.extractRawText({ path: "paper.docx" }).then(({ value }) => console.log(JSON.stringify(value)));
JS
"$place/venv/bin/python" - <<'PY'
import json
import subprocess

import docx
import docx2txt
import mammoth

paper = docx.Document()
paper.add_paragraph("UBND TỈNH AN SƠN\nSỞ NỘI VỤ")
paper.add_paragraph("Có mặt: 43\n12 phút sau có thêm 2 người")
paper.add_paragraph("Ghi nhận:\tA01")
paper.save("paper.docx")
TOGETHER = ["UBND TỈNH AN SƠNSỞ NỘI VỤ", "Có mặt: 4312 phút sau có thêm 2 người", "Ghi nhận:\tA01"]
with open("paper.docx", "rb") as raw:
    python, warned = (said := mammoth.extract_raw_text(raw)).value, said.messages
    html = mammoth.convert_to_html(raw).value
javascript = json.loads(subprocess.run(["node", "read.cjs"], check=True, stdout=subprocess.PIPE).stdout)
print(python.split("\n\n"), warned)
assert python == javascript == "".join(f"{line}\n\n" for line in TOGETHER) and not warned
assert "UBND TỈNH AN SƠN<br />SỞ NỘI VỤ" in html
others = {"docx2txt": docx2txt.process("paper.docx"), "python-docx": "\n".join(one.text for one in docx.Document("paper.docx").paragraphs)}
for name, text in others.items():
    print(name, [line for line in text.splitlines() if line])
    assert "SƠN\nSỞ" in text and "43\n12" in text, text
PY
