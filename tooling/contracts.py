"""Who may import whom (DESIGN, section 3), written out for import-linter from the areas that exist.

There are no ignore lines. Direction counts every import; privacy of `models` and `web` leaves out imports made only for
type annotations (`if TYPE_CHECKING:`), since a command may name the type of a thing that a lower area handed to it.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from tooling.checkout import PACKAGE, VENV, StepError, complain, environment, run

HOUSE = ("config", "demo", "surfaces", "domain", "ui", "events", "kernel")
AREAS = (
    ("insight", "automation", "notify"),
    ("dispatch", "promises", "channels", "knowledge", "problems", "assets", "trust"),
    ("tickets",),
    ("people",),
)
ROOMS = (("web",), ("jobs", "reactions"), ("commands",), ("queries",), ("policies",), ("models",), ("rules",))
PRIVATE = ("models", "web")


def main() -> int:
    """Runs import-linter on both sets of contracts; its report is shown when one is broken."""
    try:
        for text in (direction(), privacy()):
            _lint(text)
    except StepError as error:
        return complain(error, "import contracts")
    return 0


def areas() -> list[str]:
    """Every package that holds an area: the folders of `domain`, and those inside `channels`."""
    domain = PACKAGE / "domain"
    found = [path.parent for pattern in ("*/__init__.py", "channels/*/__init__.py") for path in domain.glob(pattern)]
    return sorted(_dotted(path) for path in found if path.name not in {"tests", "migrations", "web", "templates"})


def direction() -> str:
    """Layers of the house, of the areas, and inside each area; `rules` and `events` stand without Django."""
    pure = [name for area in areas() if (name := f"{area}.rules") and _exists(name)]
    contracts = [
        _contract("house", "The house", "layers", containers=["tierdesk"], layers=HOUSE, exhaustive="True"),
        _contract(
            "areas",
            "Areas",
            "layers",
            containers=["tierdesk.domain"],
            layers=[" | ".join(f"({name})" for name in level) for level in AREAS],
            exhaustive="True",
        ),
        _contract(
            "rooms",
            "Inside an area",
            "layers",
            containers=areas(),
            layers=[" | ".join(f"({name})" for name in level) for level in ROOMS],
        ),
        _contract(
            "pure",
            "Rules and events know no Django",
            "forbidden",
            source_modules=["tierdesk.events", *pure],
            forbidden_modules=["django"],
        ),
    ]
    return _document(contracts, exclude_type_checking=False)


def privacy() -> str:
    """`models` of an area are imported by that area alone; `web` also by the surfaces that put it into their pages."""
    contracts = [
        _contract(
            name.replace(".", "-"),
            f"{name} is private to its area",
            "protected",
            protected_modules=[name],
            allowed_importers=[area, "tierdesk.surfaces"] if room == "web" else [area],
        )
        for area in areas()
        for room in PRIVATE
        if (name := f"{area}.{room}") and _exists(name)
    ]
    return _document(contracts, exclude_type_checking=True) if contracts else ""


def _lint(text: str) -> None:
    if not text:
        return
    with tempfile.TemporaryDirectory(prefix="tierdesk-contracts-") as folder:
        config = Path(folder) / "contracts.ini"
        config.write_text(text, encoding="utf-8")
        command = (VENV / "bin/lint-imports", "--config", config, "--no-cache")
        run("import contracts", *command, env=environment())


def _document(contracts: list[str], *, exclude_type_checking: bool) -> str:
    head = (
        "[importlinter]\nroot_package = tierdesk\ninclude_external_packages = True\n"
        f"exclude_type_checking_imports = {exclude_type_checking}\n"
    )
    return "\n".join([head, *contracts])


def _contract(identity: str, title: str, kind: str, **values: str | list[str] | tuple[str, ...]) -> str:
    lines = [f"[importlinter:contract:{identity}]", f"name = {title}", f"type = {kind}"]
    for key, entries in values.items():
        if isinstance(entries, str):
            lines.append(f"{key} = {entries}")
        else:
            lines.extend([f"{key} =", *(f"    {entry}" for entry in entries)])
    return "\n".join(lines) + "\n"


def _exists(dotted: str) -> bool:
    path = PACKAGE.parent / dotted.replace(".", "/")
    return path.with_suffix(".py").exists() or (path / "__init__.py").exists()


def _dotted(path: Path) -> str:
    return ".".join(path.relative_to(PACKAGE.parent).parts)


if __name__ == "__main__":
    sys.exit(main())
