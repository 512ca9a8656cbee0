"""Waiting for another process to have written something: PostgreSQL tells, SQLite is asked (cheaply)."""

import sqlite3
import threading
import time
from typing import Any

from django.conf import settings
from django.db import connection

from tierdesk.kernel.commands import JOBS_CHANNEL as JOBS

__all__ = ["JOBS", "Waiter"]

POLL_SECONDS = 0.05


class Waiter:
    """Returns from `wait` when the database changed, or when the time is up. One thread uses it."""

    def __init__(self, channel: str) -> None:
        self.channel = channel
        self._listener: Any = None
        self._sqlite: sqlite3.Connection | None = None
        self._version = -1

    def wait(self, seconds: float, stop: threading.Event) -> bool:
        """Wait at most `seconds`; true where something was written. A set `stop` ends it early."""
        if connection.vendor == "postgresql":
            return self._wait_postgresql(seconds, stop)
        return self._wait_sqlite(seconds, stop)

    def close(self) -> None:
        """Give the connections back."""
        listener, database = self._listener, self._sqlite
        self._listener = self._sqlite = None
        for held in (listener, database):
            if held is not None:
                held.close()

    def _wait_postgresql(self, seconds: float, stop: threading.Event) -> bool:
        if self._listener is None:
            import psycopg  # noqa: PLC0415 - an installation on SQLite does without it

            parameters = connection.get_connection_params()
            keep = {k: v for k, v in parameters.items() if k not in {"context", "cursor_factory", "prepare_threshold"}}
            self._listener = psycopg.connect(**keep, autocommit=True)
            self._listener.execute(f"LISTEN {self.channel}")  # nosemgrep: no-sql-from-pieces - a name of ours
            return True
        deadline = time.monotonic() + seconds
        while not stop.is_set():
            left = deadline - time.monotonic()
            if left <= 0:
                return False
            for _notice in self._listener.notifies(timeout=min(left, 0.5), stop_after=1):
                return True
        return False

    def _wait_sqlite(self, seconds: float, stop: threading.Event) -> bool:
        if self._sqlite is None:
            name = settings.DATABASES["default"]["NAME"]
            self._sqlite = sqlite3.connect(f"file:{name}?mode=ro", uri=True, check_same_thread=False)
        deadline = time.monotonic() + seconds
        while True:
            version = self._sqlite.execute("PRAGMA data_version").fetchone()[0]
            if version != self._version:
                self._version = version
                return True
            if time.monotonic() >= deadline or stop.wait(POLL_SECONDS):
                return False
