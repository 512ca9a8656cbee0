"""The map of the house: areas with what may be called, the events, the routes. Written from the sources.

`bin/map` writes `docs/generated/map.md`; `bin/map --check` fails when the file is not what the sources say.
"""

from __future__ import annotations

import argparse
import ast
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from tooling.checkout import PACKAGE, ROOT, SOURCE, relative
from tooling.contracts import areas

TARGET = ROOT / "docs/generated/map.md"
CALLED = (("commands", "Commands"), ("queries", "Queries"), ("policies", "Policies"), ("jobs", "Jobs"))


def main() -> int:
    """`bin/map [--check]`."""
    parser = argparse.ArgumentParser(
        prog="bin/map", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--check", action="store_true", help="fail when the map is out of date")
    given = parser.parse_args()
    text = "\n".join(document()).rstrip() + "\n"
    if not given.check:
        TARGET.parent.mkdir(parents=True, exist_ok=True)
        TARGET.write_text(text, encoding="utf-8")
        return 0
    if TARGET.exists() and TARGET.read_text(encoding="utf-8") == text:
        return 0
    print(f"{relative(TARGET)} is not what the sources say: run bin/map and commit it")
    return 1


def document() -> Iterator[str]:
    """The map's lines."""
    yield "# Map of the house"
    yield ""
    yield "Written by `bin/map` from the sources; do not edit."
    for area in areas():
        yield from _area(area)
    yield from _events()
    yield from _routes()


def _area(dotted: str) -> Iterator[str]:
    folder = SOURCE / dotted.replace(".", "/")
    yield from ("", f"## {dotted.removeprefix('tierdesk.domain.').replace('.', '/')}", "")
    yield _first_line(ast.parse((folder / "__init__.py").read_text(encoding="utf-8"))) or "(no description)"
    for room, title in CALLED:
        functions = [function for path in _modules(folder / room) for function in _public_functions(path)]
        if functions:
            yield from ("", f"### {title}", "")
            yield from (f"- `{_signature(function)}` — {_first_line(function)}" for function in functions)


def _events() -> Iterator[str]:
    yield from ("", "## Events", "")
    for path in sorted((PACKAGE / "events").rglob("*.py")):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                fields = [
                    item.target.id
                    for item in node.body
                    if isinstance(item, ast.AnnAssign) and isinstance(item.target, ast.Name)
                ]
                yield f"- `{path.stem}.{node.name}({', '.join(fields)})` — {_first_line(node)}"


def _routes() -> Iterator[str]:
    if not (PACKAGE / "config/urls.py").exists():
        return
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tierdesk.config.settings")
    sys.path.insert(0, str(SOURCE))
    import django  # noqa: PLC0415  only where there are routes
    from django.urls import URLPattern, URLResolver, get_resolver  # noqa: PLC0415

    django.setup()

    def walk(resolver: URLResolver, prefix: str) -> Iterator[tuple[str, str]]:
        for entry in resolver.url_patterns:
            place = prefix + str(entry.pattern)
            if isinstance(entry, URLPattern):
                view = getattr(entry.callback, "view_class", entry.callback)
                yield place, f"{view.__module__}.{getattr(view, '__qualname__', type(view).__name__)}"
            else:
                yield from walk(entry, place)

    yield from ("", "## Routes", "")
    for place, view in sorted(set(walk(get_resolver(), "/"))):
        if view.startswith("tierdesk."):
            yield f"- `{place}` → `{view.removeprefix('tierdesk.')}`"


def _modules(room: Path) -> list[Path]:
    if room.with_suffix(".py").exists():
        return [room.with_suffix(".py")]
    return sorted(room.rglob("*.py")) if room.is_dir() else []


def _public_functions(path: Path) -> Iterator[ast.FunctionDef]:
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
            yield node


def _signature(function: ast.FunctionDef) -> str:
    given = function.args
    names = [argument.arg for argument in (*given.posonlyargs, *given.args)]
    named = [argument.arg for argument in given.kwonlyargs]
    return f"{function.name}({', '.join([*names, *(['*', *named] if named else [])])})"


def _first_line(node: ast.Module | ast.ClassDef | ast.FunctionDef) -> str:
    return (ast.get_docstring(node) or "").partition("\n")[0]


if __name__ == "__main__":
    sys.exit(main())
