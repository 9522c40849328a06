"""A script that is served whole: every module once, in a scope of its own, before whoever needs it."""

from pathlib import Path

from services.intake.faces.shell import OWN
from services.kernel.web.bundling import whole


def write(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def test_a_script_that_does_not_ask_for_it_stays_as_it_is(tmp_path: Path) -> None:
    write(tmp_path, {"a.js": 'import { b } from "./b.js";\nb();\n', "b.js": "export const b = () => 1;\n"})
    assert whole(tmp_path / "a.js") == (tmp_path / "a.js").read_bytes()


def test_modules_come_before_those_that_need_them_and_keep_their_names_apart(tmp_path: Path) -> None:
    write(tmp_path / "static", {
        "form/form.js": "// Served whole, with: ../assets/proof.js; apart from: shared/kept.js\n"
        'import { A as First } from "./a.js";\nimport * as b from "../shared/b.js";\n'
        'import { k } from "../shared/kept.js";\nimport { hex } from "../../assets/proof.js";\n'
        "new First(b.two(), k, hex);\n",
        "form/a.js": 'import { el } from "../../assets/dom.js";\nimport { two } from "../shared/b.js";\n'
        "const MOST = two();\n"
        "export class A {}\nexport async function late() { el(MOST); }\n",
        "shared/b.js": 'import { k } from "./kept.js";\nconst MOST = 2;\nexport const two = () => MOST + k;\n',
        "shared/kept.js": "export const k = 0;\n",
    })  # fmt: skip
    lines = whole(tmp_path / "static/form/form.js").decode().splitlines()
    proof = slice(
        lines.index("// ../assets/proof.js"),
        lines.index("// Served whole, with: ../assets/proof.js; apart from: shared/kept.js"),
    )
    assert "const hex = (bytes) =>" in " ".join(lines[proof])
    del lines[proof]
    assert lines == [
        'import * as $1 from "../../assets/dom.js";',
        'import * as $3 from "../shared/kept.js";',
        "// shared/b.js", "const $2 = (() => {",
        "const { k } = $3;", "const MOST = 2;", "const two = () => MOST + k;",
        "return { two };", "})();",
        "// form/a.js", "const $0 = (() => {",
        "const { el } = $1;", "const { two } = $2;", "const MOST = two();", "class A {}",
        "async function late() { el(MOST); }",
        "return { A, late };", "})();",
        "// Served whole, with: ../assets/proof.js; apart from: shared/kept.js",
        "const { A: First } = $0;", "const b = $2;", "const { k } = $3;", "const { hex } = $4;",
        "new First(b.two(), k, hex);",
    ]  # fmt: skip


def test_the_form_is_whole() -> None:
    text = whole(OWN / "static/form/form.js").decode()
    lines = text.splitlines()
    own = [path.stem for path in (OWN / "static/form").glob("*.js") if path.stem not in ("form", "sw")]
    assert [name for name in own if f"// form/{name}.js" not in lines] == []
    assert [line for line in lines if line.startswith("export ")] == []
    imports = [line for line in lines if line.startswith("import ")]
    assert imports == lines[: len(imports)]
    assert [line for line in imports if "/form/" in line or ("./shared/" not in line and "/assets/" not in line)] == []
