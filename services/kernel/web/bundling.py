"""A script in one file with the modules that it imports, each in a scope of its own: one journey for all."""

import re
from pathlib import Path
from posixpath import join, normpath, relpath

_IMPORT = re.compile(r'^import (\{[^}]*\}|\* as \w+) from "(\.{1,2}/[^"]+)";\n', re.MULTILINE)
_WHOLE = re.compile(r"^// Served whole, with: (.*); apart from: (.+)$", re.MULTILINE)
_KERNEL = Path(__file__).parent / "static"  # what pages load as ../assets/
_EXPORT = re.compile(r"^export ((?:async )?(?:const|function\*?|class) (\w+))", re.MULTILINE)
_SCOPE = "// {address}\nconst {name} = (() => {{\n{text}return {{ {names} }};\n}})();\n"


class _Whole:
    """What a script needs, as far as it has been found; addresses count from the folder of the service's scripts."""

    def __init__(self, folder: Path, within: list[str], apart: list[str]) -> None:
        self._folder, self._within, self._apart = folder, within, apart
        self._names: dict[str, str] = {}  # by address: short, for each journey carries them
        self.scopes: dict[str, str] = {}
        self.elsewhere: dict[str, str] = {}

    def inside(self, address: str) -> str:
        """A module's text, its imports taken from the scopes of those it needs."""

        def taken(match: re.Match[str]) -> str:
            what = re.sub(r"(\w+) as (\w+)", r"\1: \2", match[1]).removeprefix("* as ")
            return f"const {what} = {self._bound(normpath(join(address, '..', match[2])))};\n"

        path = _KERNEL / Path(address).name if address.startswith("../assets/") else self._folder / address
        return _IMPORT.sub(taken, path.read_text())

    def _bound(self, address: str) -> str:
        """The name of what a module exports; the scopes stand in the order in which they are needed."""
        name = self._names.setdefault(address, f"${len(self._names)}")
        if (address.startswith("../") and address not in self._within) or address in self._apart:
            self.elsewhere[name] = address
        elif name not in self.scopes:
            text = self.inside(address)
            names = ", ".join(exported for _, exported in _EXPORT.findall(text))
            self.scopes[name] = _SCOPE.format(address=address, name=name, text=_EXPORT.sub(r"\1", text), names=names)
        return name


def whole(script: Path) -> bytes:
    """The script as it is, or, where it says so, after the modules it needs, of the kernel only those it names."""
    said = _WHOLE.search(script.read_text())
    if said is None:
        return script.read_bytes()
    folder = next(folder for folder in script.parents if folder.name == "static")
    own = script.relative_to(folder)
    made = _Whole(folder, said[1].split(), said[2].split())
    text = made.inside(str(own))
    imports = "".join(
        f'import * as {name} from "{relpath(address, own.parent)}";\n' for name, address in made.elsewhere.items()
    )
    return (imports + "".join(made.scopes.values()) + text).encode()
