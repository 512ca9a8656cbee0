"""Check the sources: format, types, import contracts, house rules, catalogues, migrations, the map.

`bin/check` runs every check, `bin/check ruff mypy` only these. One line a check with its time; all that a failing check
said follows at the end. Nothing is changed but by `--fix` (ruff's own repairs and format).
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tooling.checkout import PYTHON, ROOT, SCAN_VENV, VENV, StepError, complain, environment, say
from tooling.preparation import prepare

Command = list[str | Path]


def _module(name: str, *arguments: str) -> Command:
    return [PYTHON, "-m", f"tooling.{name}", *arguments]


# The longest first: two run at a time.
CHECKS: dict[str, Command] = {
    "mypy": [VENV / "bin/mypy"],
    "semgrep": [
        SCAN_VENV / "bin/semgrep", "scan", "--config", ".semgrep", "--error", "--quiet", "--metrics=off",
        "--disable-version-check", "--no-git-ignore", "--jobs=1", "src", "tooling",
    ],
    "migrations": [PYTHON, "-m", "django", "makemigrations", "--check", "--dry-run"],
    "imports": _module("contracts"),
    "catalogues": _module("catalogues", "check"),
    "map": _module("house_map", "--check"),
    "format": [VENV / "bin/ruff", "format", "--check", "--quiet", "."],
    "ruff": [VENV / "bin/ruff", "check", "--quiet", "."],
    "house": _module("house"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a check said and how long it took."""

    name: str
    failed: bool
    seconds: float
    output: str


def main() -> int:
    """`bin/check [--fix] [NAME …]`: exit code 1 when a check failed."""
    parser = argparse.ArgumentParser(
        prog="bin/check", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(CHECKS))
    parser.add_argument("--fix", action="store_true", help="let ruff repair and format first")
    given = parser.parse_args()
    unknown = [name for name in given.names if name not in CHECKS]
    if unknown:
        parser.error(f"no check named {', '.join(unknown)}; there are {', '.join(CHECKS)}")
    names = [name for name in CHECKS if not given.names or name in given.names]
    try:
        prepare("dev", *(["scan"] if "semgrep" in names else []))
    except StepError as error:
        return complain(error, "bin/check")
    if given.fix:
        subprocess.run([VENV / "bin/ruff", "check", "--fix", "--quiet", "."], cwd=ROOT, check=False)
        subprocess.run([VENV / "bin/ruff", "format", "--quiet", "."], cwd=ROOT, check=False)
    return _report(names)


def _report(names: list[str]) -> int:
    failed = []
    with ThreadPoolExecutor(2) as pool:
        for outcome in pool.map(_check, names):
            say(f"{'FAILED' if outcome.failed else 'ok':6}  {outcome.name:<10} {outcome.seconds:5.1f} s")
            if outcome.failed:
                failed.append(outcome)
    for outcome in failed:
        say(f"\n--- {outcome.name} (again: bin/check {outcome.name})\n{outcome.output.rstrip()}")
    return 1 if failed else 0


def _check(name: str) -> Outcome:
    began = time.monotonic()
    done = subprocess.run(
        [str(part) for part in CHECKS[name]],
        cwd=ROOT,
        env=environment(DJANGO_SETTINGS_MODULE="tierdesk.config.settings", SEMGREP_SEND_METRICS="off"),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return Outcome(name, done.returncode != 0, time.monotonic() - began, done.stdout)


if __name__ == "__main__":
    sys.exit(main())
