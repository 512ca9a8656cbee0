"""Check, then test: everything on SQLite, and what touches the database on PostgreSQL too.

`bin/test` installs what it needs first: packages, and the Debian packages of the real peers (PostgreSQL, Postfix,
Dovecot, Chromium) where it may. Other arguments go to pytest: `bin/test --fast src/tierdesk/domain/tickets`. With
CI=true a peer that cannot be had is a failure; otherwise its tests are skipped, and it says so.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

from tooling import debian
from tooling.checkout import PYTHON, ROOT, StepError, complain, environment, say
from tooling.preparation import prepare

PEERS = {
    "postgresql": "everything a second time on PostgreSQL",
    "postfix": "mail through a real SMTP server",
    "dovecot-imapd": "mailboxes read from a real IMAP server",
    "dovecot-lmtpd": "mail delivered by a real LMTP server",
    "chromium": "journeys in a browser",
}
NO_TESTS_COLLECTED = 5


def main() -> int:
    """`bin/test [--fast] [--sqlite] [pytest arguments]`: exit code 1 when a check or a test failed."""
    parser = argparse.ArgumentParser(
        prog="bin/test", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--fast", action="store_true", help="leave bin/check out")
    parser.add_argument("--sqlite", action="store_true", help="leave the second run on PostgreSQL out")
    given, rest = parser.parse_known_args()
    try:
        prepare("dev")
        absent = _install_peers()
    except StepError as error:
        return complain(error, "bin/test")
    if not given.fast and subprocess.run([ROOT / "bin/check"], check=False).returncode:
        say("bin/test: the checks failed, so no test was run")
        return 1
    counts: Counter[str] = Counter()
    say("\n== SQLite ==")
    failed = _pytest(rest, counts)
    if not given.sqlite and "postgresql" not in absent:
        say("\n== PostgreSQL ==")
        failed = _on_postgresql(rest, counts) or failed
    say(f"\n{counts['passed']} passed, {counts['failed']} failed, {counts['skipped']} skipped")
    return 1 if failed or not counts["passed"] else 0


def _install_peers() -> list[str]:
    """The peers that stay absent; in CI none may."""
    try:
        debian.install(list(PEERS))
    except StepError as error:
        if os.environ.get("CI") == "true":
            raise
        absent = debian.missing(list(PEERS))
        say(f"bin/test: {error}")
        for name in absent:
            say(f"  skipped without {name}: {PEERS[name]}")
        return absent
    return []


def _on_postgresql(rest: list[str], counts: Counter[str]) -> bool:
    from tests.peers.postgresql import PostgreSQL  # noqa: PLC0415  the peer is installed only now

    with PostgreSQL() as server:
        return _pytest(["-m", "db_both", *rest], counts, TIERDESK_DATABASE=server.url)


def _pytest(arguments: list[str], counts: Counter[str], **extra: str) -> bool:
    """One run of pytest, its counts added to `counts`; True when it failed."""
    with tempfile.TemporaryDirectory(prefix="tierdesk-counts-") as folder:
        tally = Path(folder) / "counts.json"
        env = environment(TIERDESK_TEST_COUNTS=str(tally), PYTHONUNBUFFERED="1", **extra)
        if not extra:
            env.pop("TIERDESK_DATABASE", None)
        command = [PYTHON, "-m", "pytest", "-n", "2", "--dist", "worksteal", *arguments]
        code = subprocess.run(command, cwd=ROOT, env=env, check=False).returncode
        if tally.exists():
            counts.update(json.loads(tally.read_text(encoding="utf-8")))
    return code not in {0, NO_TESTS_COLLECTED}


if __name__ == "__main__":
    sys.exit(main())
