#!/usr/bin/env bash
# tdewolff-minify 2.24.12 (the Python wheel of the Go minifier), read by Node and by css-tree 3.2.1, seen 2026-11-30.
#
# Made small, a program is to do what it did. Three valid texts do not, and the minifier says nothing:
# - In a module, or under "use strict", a function declared in a block belongs to the block. The minifier takes it for the
#   enclosing function's: a call outside the block that meant another function of the same name is renamed with it, and is a
#   ReferenceError, or calls the inner one.
# - '\0' + '1' is joined into one literal that reads as the octal escape \01: two characters become one other. A key or a
#   hash's prefix that is put together with a NUL before a figure is another key.
# - `rotate: 0deg` becomes `rotate: 0`. A zero without a unit is an angle within rotate() and is none for the property, so a
#   browser drops the line: what should be turned back stays turned. `translate: 0px` and lengths lose theirs rightly.
#
# Seen: the module answers ["outer", "inner", "outer"] as written and throws "t is not defined" made small; the strict function
# 1 and 2; the joined text has 2 characters and 1; css-tree accepts `rotate: 0deg` and refuses `rotate: 0`.
# Name such functions apart or hold them in a const; keep figures off a NUL; write `rotate: none`.
set -euo pipefail
place=$(mktemp -d); trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q tdewolff-minify==2.24.12
cd "$place"
npm install --silent --no-audit --no-fund --prefix "$place" css-tree@3.2.1 >/dev/null
cat > names.mjs <<'JS'
function name() {
  return "outer";
}
export function names() {
  const found = [name()];
  {
    function name() {
      return "inner";
    }
    found.push(name());
  }
  found.push(name());
  return found;
}
JS
cat > strict.js <<'JS'
(() => {
  "use strict";
  function which() {
    return 1;
  }
  {
    function which() {
      return 2;
    }
  }
  return which();
})();
JS
echo "'\\0' + '1'" > joined.js
echo '.open{rotate:0deg;translate:0px}' > turned.css
venv/bin/python - <<'PY'
from pathlib import Path

import minify

for name in ("names.mjs", "strict.js", "joined.js", "turned.css"):
    kind = "text/css" if name.endswith(".css") else "text/javascript"
    Path(f"small-{name}").write_text(minify.string(kind, Path(name).read_text()))
PY
cat > judge.mjs <<'JS'
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { runInNewContext } from "node:vm";
import { lexer } from "css-tree";

const both = (name) => [name, `small-${name}`];
const told = [];
for (const name of both("names.mjs")) {
  const { names } = await import(`./${name}`);
  try { told.push(names()); } catch (error) { told.push(`${error.name}: ${error.message}`); }
}
const strict = both("strict.js").map((name) => runInNewContext(readFileSync(name, "utf8")));
const joined = both("joined.js").map((name) => runInNewContext(readFileSync(name, "utf8")).length);
const turned = both("turned.css").map((name) => /rotate:([^;}]*)/.exec(readFileSync(name, "utf8"))[1]);
const valid = turned.map((value) => lexer.matchProperty("rotate", value).error === null);
console.log({ told, strict, joined, turned, valid });
assert.deepEqual(told, [["outer", "inner", "outer"], "ReferenceError: t is not defined"]);
assert.deepEqual(strict, [1, 2]);
assert.deepEqual(joined, [2, 1]);
assert.deepEqual([turned, valid], [["0deg", "0"], [true, false]]);
assert.equal(lexer.matchProperty("translate", "0").error, null);
JS
node judge.mjs
