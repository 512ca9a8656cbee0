"""A PostgreSQL cluster of its own: trusts loopback, keeps nothing."""

from __future__ import annotations

import getpass
import shutil
from pathlib import Path

from tests.peers.workplace import Peer, command, free_port, is_root

FAST = "fsync=off", "synchronous_commit=off", "full_page_writes=off"


class PostgreSQL(Peer):
    """`url` is a `postgresql://` address of an empty database, owned by a superuser who needs no password.

    `durable=True` keeps fsync on, for measurements; further settings go to the server as they are.
    """

    def __init__(self, *settings: str, durable: bool = False) -> None:
        super().__init__()
        self.port = free_port()
        self.settings = (*(() if durable else FAST), *settings)
        self.user = "postgres" if is_root() else getpass.getuser()
        self.url = f"postgresql://{self.user}@127.0.0.1:{self.port}/tierdesk"

    def start(self) -> None:
        """A fresh cluster in UTF-8 with the C locale, so that order does not depend on the machine."""
        if is_root():
            shutil.chown(self.folder, self.user)
        data, log = self.folder / "data", self.folder / "log"
        options = ["--auth=trust", "--encoding=UTF8", "--no-locale", "--no-sync", f"--username={self.user}"]
        command(_binaries() / "initdb", "--pgdata", data, *options, user=self.user)
        words = [f"-c {setting}" for setting in ("max_connections=200", "listen_addresses=127.0.0.1", *self.settings)]
        start = f"-p {self.port} -k {self.folder} {' '.join(words)}"
        command(_binaries() / "pg_ctl", "-D", data, "-l", log, "-w", "-o", start, "start", user=self.user)
        command(_binaries() / "createdb", "-h", "127.0.0.1", "-p", str(self.port), "-U", self.user, "tierdesk")

    def stop(self) -> None:
        """At once: connections are cut."""
        if (self.folder / "data/postmaster.pid").exists():
            pg_ctl = _binaries() / "pg_ctl"
            command(pg_ctl, "-D", self.folder / "data", "-w", "-m", "immediate", "stop", user=self.user)


def absent() -> str | None:
    """What keeps it from starting, or None."""
    return None if _candidates() else "postgresql is not installed"


def _binaries() -> Path:
    return _candidates()[-1]


def _candidates() -> list[Path]:
    found = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/pg_ctl")]
    return sorted(found, key=lambda path: int(path.parent.name))
