"""The checkout: where things stand in it, and how a step is run and reported."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "src"
PACKAGE = SOURCE / "tierdesk"
VENV = ROOT / ".venv"
PYTHON = VENV / "bin/python"
SCAN_VENV = ROOT / ".scan"
STAMPS = ".stamps"


class StepError(RuntimeError):
    """A step that a person has to know of; the message says what failed and what to do."""


def say(line: str) -> None:
    """One line for the person at the terminal, at once even through a pipe."""
    print(line, flush=True)


def environment(**extra: str) -> dict[str, str]:
    """The environment for what runs inside the checkout: `src` and the checkout itself can be imported."""
    return os.environ | {"PYTHONPATH": f"{SOURCE}{os.pathsep}{ROOT}", "PYTHONDONTWRITEBYTECODE": ""} | extra


def run(what: str, *command: str | Path, env: dict[str, str] | None = None, cwd: Path = ROOT) -> str:
    """Run a step quietly and return what it printed; a failure raises `StepError` with all of it."""
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode:
        raise StepError(f"{what} failed (exit {done.returncode}): {' '.join(map(str, command))}\n{done.stdout.strip()}")
    return done.stdout


def shared_venv() -> bool:
    """Whether `.venv` belongs to another checkout (a link in a work tree): it is used as it is, never changed."""
    return VENV.is_symlink()


def relative(path: Path) -> str:
    """The path as a person in the checkout would type it."""
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)


def complain(error: StepError, tool: str) -> int:
    """Print why a command of `bin/` stopped; returns its exit code."""
    print(f"{tool}: {error}", file=sys.stderr, flush=True)
    return 1
