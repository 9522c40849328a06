"""A script in one file with the modules that it imports, each in a scope of its own: one journey for all."""

import re
from pathlib import Path
from posixpath import join, normpath, relpath

_IMPORT = re.compile(r'^import (\{[^}]*\}|\* as \w+) from "(\.{1,2}/[^"]+)";\n', re.MULTILINE)
_APART = re.compile(r"^// Served whole, apart from: (.+)$", re.MULTILINE)
_EXPORT = re.compile(r"^export ((?:async )?(?:const|function|class) (\w+))", re.MULTILINE)
_SCOPE = "const {name} = (() => {{\n{text}return {{ {names} }};\n}})();\n"


class _Whole:
    """What a script needs, as far as it has been found; addresses count from the folder of the service's scripts."""

    def __init__(self, folder: Path, apart: list[str]) -> None:
        self._folder, self._apart = folder, apart
        self.scopes: dict[str, str] = {}
        self.elsewhere: dict[str, str] = {}

    def inside(self, address: str) -> str:
        """A module's text, its imports taken from the scopes of those it needs."""

        def taken(match: re.Match[str]) -> str:
            what = re.sub(r"(\w+) as (\w+)", r"\1: \2", match[1]).removeprefix("* as ")
            return f"const {what} = {self._bound(normpath(join(address, '..', match[2])))};\n"

        return _IMPORT.sub(taken, (self._folder / address).read_text())

    def _bound(self, address: str) -> str:
        """The name of what a module exports; the scopes stand in the order in which they are needed."""
        name = "$" + re.sub(r"\W", "_", address.removesuffix(".js"))
        if address.startswith("../") or address in self._apart:
            self.elsewhere[name] = address
        elif name not in self.scopes:
            text = self.inside(address)
            names = ", ".join(exported for _, exported in _EXPORT.findall(text))
            self.scopes[name] = _SCOPE.format(name=name, text=_EXPORT.sub(r"\1", text), names=names)
        return name


def whole(script: Path) -> bytes:
    """The script as it is, or, where it says so, after the modules it needs but those that it names."""
    apart = _APART.search(script.read_text())
    if apart is None:
        return script.read_bytes()
    folder = next(folder for folder in script.parents if folder.name == "static")
    own = script.relative_to(folder)
    made = _Whole(folder, apart[1].split())
    text = made.inside(str(own))
    imports = "".join(
        f'import * as {name} from "{relpath(address, own.parent)}";\n' for name, address in made.elsewhere.items()
    )
    return (imports + "".join(made.scopes.values()) + text).encode()
