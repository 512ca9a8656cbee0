"""The house style that no linter knows: sizes of files and functions, and names that say nothing."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

from tooling.checkout import ROOT, relative

FILE_LINES = 400
FUNCTION_LINES = 60
BANNED = {"utils", "util", "helpers", "helper", "common", "misc", "manager", "managers", "base", "extras"}
FOLDERS = ("src/tierdesk", "tooling", "bench", "e2e", "tests")
TEXTS = ("*.py", "*.css", "*.js", "*.html", "*.jinja")
HOSTS = ("pypi.", "registry.", "pythonhosted.", "npmjs.")
LOCKS = ("package.json", "package-lock.json", ".npmrc", "pyproject.toml", "requirements")


def main() -> int:
    """Print each finding as `path:line: what`; exit code 1 when there is one."""
    found = [*_files(), *_hosts()]
    for line in found:
        print(line)
    return 1 if found else 0


def _files() -> Iterator[str]:
    for path in _sources():
        name = relative(path)
        if (path.suffix == ".py" and path.stem in BANNED) or BANNED & set(path.relative_to(ROOT).parent.parts):
            yield f"{name}:1: a name that says nothing (DESIGN, house style 1)"
        text = path.read_text(encoding="utf-8")
        if (lines := text.count("\n")) > FILE_LINES:
            yield f"{name}:1: {lines} lines; past {FILE_LINES} it wants to be two things"
        if path.suffix == ".py":
            yield from _functions(name, text)


def _sources() -> Iterator[Path]:
    for folder in FOLDERS:
        for pattern in TEXTS:
            for path in sorted((ROOT / folder).rglob(pattern)):
                if not {"migrations", "vendor", "node_modules"} & set(path.parts):
                    yield path


def _functions(name: str, text: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if length > FUNCTION_LINES:
                yield f"{name}:{node.lineno}: {node.name} has {length} lines; past {FUNCTION_LINES} it wants to be two"


def _hosts() -> Iterator[str]:
    """Lock files and package files name no registry, so that an installation uses the one it is configured for."""
    for name in LOCKS:
        path = ROOT / name
        for file in sorted(path.iterdir()) if path.is_dir() else [path]:
            for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
                if "://" in line and any(host in line for host in HOSTS):
                    yield f"{relative(file)}:{number}: names a registry host"


if __name__ == "__main__":
    sys.exit(main())
