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
    write(tmp_path, {
        "form.js": "// Served whole, apart from: kept.js\n"
        'import { A as First } from "./form/a.js";\nimport * as b from "./b.js";\nimport { k } from "./kept.js";\n'
        "new First(b.two(), k);\n",
        "form/a.js": 'import { el } from "../../assets/dom.js";\nimport { two } from "../b.js";\nconst MOST = two();\n'
        "export class A {}\nexport async function late() { el(MOST); }\n",
        "b.js": 'import { k } from "./kept.js";\nconst MOST = 2;\nexport const two = () => MOST + k;\n',
        "kept.js": "export const k = 0;\n",
    })  # fmt: skip
    lines = whole(tmp_path / "form.js").decode().splitlines()
    assert lines == [
        'import * as $___assets_dom from "../assets/dom.js";',
        'import * as $kept from "./kept.js";',
        "const $b = (() => {",
        "const { k } = $kept;", "const MOST = 2;", "const two = () => MOST + k;",
        "return { two };", "})();",
        "const $form_a = (() => {",
        "const { el } = $___assets_dom;", "const { two } = $b;", "const MOST = two();", "class A {}",
        "async function late() { el(MOST); }",
        "return { A, late };", "})();",
        "// Served whole, apart from: kept.js",
        "const { A: First } = $form_a;", "const b = $b;", "const { k } = $kept;", "new First(b.two(), k);",
    ]  # fmt: skip


def test_the_form_is_whole() -> None:
    text = whole(OWN / "static/form.js").decode()
    lines = text.splitlines()
    own = [path.stem for path in (OWN / "static/form").glob("*.js")]
    assert [name for name in own if f"const $form_{name} = (() => {{" not in lines] == []
    assert [line for line in lines if line.startswith("export ")] == []
    imports = [line for line in lines if line.startswith("import ")]
    assert imports == lines[: len(imports)]
    assert [line for line in imports if "./form/" in line] == []
