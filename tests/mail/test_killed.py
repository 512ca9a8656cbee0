"""Mail survives SIGKILL: a small run of `bench/kill.py`; the large ones are run by hand and by night."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.peers import dovecot as dovecot_peer
from tests.peers import postgresql as postgresql_peer
from tests.peers.fixtures import need

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.peers
@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_a_hundred_mails_survive_eight_kills_without_loss_or_double(database: str) -> None:
    need(dovecot_peer.absent())
    if database == "postgresql":
        need(postgresql_peer.absent())
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("TIERDESK_", "DJANGO_"))}
    command = [sys.executable, str(ROOT / "bench/kill.py"), "--mails", "100", "--kills", "8", "--longest", "1.5"]
    ended = subprocess.run(
        [*command, "--database", database, "--json"], env=kept, capture_output=True, timeout=300, check=False
    )
    assert ended.stdout, ended.stderr.decode()[-2000:]
    result = json.loads(ended.stdout.splitlines()[-1])
    assert result["faults"] == []
    assert result["kept"] == result["different"] and result["acknowledged_twice"] <= result["kills"]
