"""Prepare this checkout and serve Tierdesk from it: packages, front-end libraries, migrations, the first administrator
(or a believable month of demo data), then the desk itself. The first run takes a minute or two, the next a few seconds.
It prints where to go and who can sign in. `/healthz` says that it runs, `/readyz` that it can serve; Ctrl-C stops it.

The data folder holds everything that is yours: database, files, secrets, and the database's address when one is given.
Other commands find the installation by TIERDESK_DATA_DIR (or `./data`).
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from tooling.checkout import PYTHON, ROOT, SOURCE, VENV, StepError, complain, shared_venv
from tooling.preparation import prepare

ENTRY = "import sys; from tierdesk.config.cli import main; sys.exit(main())"


def main() -> int:
    """Prepare, then become `tierdesk serve --setup …` (same process, so that a signal reaches it)."""
    given = _parser().parse_args()
    try:
        prepare()
    except StepError as error:
        return complain(error, "bin/serve")
    if given.prepare_only:
        return 0
    arguments = ["serve", "--setup", *_passed_on(given)]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environment["PYTHONPATH"] = _outer_path()
    command = [str(VENV / "bin/tierdesk"), *arguments]
    if shared_venv():  # the installed command belongs to another checkout
        environment["PYTHONPATH"] = str(SOURCE)
        command = [str(PYTHON), "-c", ENTRY, *arguments]
    return os.execve(command[0], command, environment)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="bin/serve", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--demo", action="store_true", help="fill an empty installation with a month at a small MSP")
    parser.add_argument("--data", type=Path, metavar="DIR", help="the data folder (TIERDESK_DATA_DIR, else ./data)")
    parser.add_argument("--port", type=int, metavar="N", help="where the web pages answer (8000)")
    parser.add_argument("--lmtp-port", type=int, metavar="N", help="take mail by LMTP on this port of 127.0.0.1")
    parser.add_argument("--database", metavar="URL", help="postgresql://… instead of SQLite; kept in the data folder")
    parser.add_argument("--prepare-only", action="store_true", help="install what is needed and stop before serving")
    return parser


def _passed_on(given: argparse.Namespace) -> list[str]:
    """The options as `tierdesk serve` takes them."""
    arguments = ["--demo"] if given.demo else []
    for name in ("data", "port", "lmtp_port", "database"):
        value = getattr(given, name)
        if value is not None:
            arguments += [f"--{name.replace('_', '-')}", str(value)]
    return arguments


def _outer_path() -> str:
    """PYTHONPATH as it was before `tooling/start` put the checkout in front."""
    return os.pathsep.join(part for part in os.environ.get("PYTHONPATH", "").split(os.pathsep) if part != str(ROOT))


if __name__ == "__main__":
    sys.exit(main())
