"""Following the event positions: one thread of a web process reads each new event once, in order."""

import sqlite3
import threading
from collections.abc import Callable

import structlog
from django.db import Error, connection
from django.db.models import Max

from tierdesk.kernel.models import Event
from tierdesk.kernel.wakeup import Waiter
from tierdesk.kernel.worker import EVENTS_CHANNEL

log = structlog.get_logger()

BATCH = 500
POLL_SECONDS = 5.0
PAUSES = (0.2, 0.5, 1.0, 2.0, 5.0)


def read_events(after: int, limit: int = BATCH) -> list[Event]:
    """The events behind a position, in order."""
    return list(Event.objects.filter(position__gt=after).order_by("position")[:limit])


def last_position() -> int:
    """The newest position, or nought."""
    return int(Event.objects.aggregate(last=Max("position"))["last"] or 0)


class Tail:
    """Calls `found(events)` with each batch and `began(position)` whenever it starts from a new place.

    It starts at the end. A database that goes away is tried again after 0.2 to 5 seconds, from where it stopped; where
    the positions have gone back meanwhile (a restored copy), it begins anew. Both callbacks run in the tail's thread.
    """

    def __init__(self, began: Callable[[int], None], found: Callable[[list[Event]], None]) -> None:
        self._began = began
        self._found = found
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="live-tail", daemon=True)

    def start(self) -> None:
        """Begin to follow."""
        self._thread.start()

    def stop(self) -> None:
        """Tell the thread to end; it does so within half a second. Does not wait."""
        self._stop.set()

    def _run(self) -> None:
        position: int | None = None
        failures = 0
        while not self._stop.is_set():
            waiter = Waiter(EVENTS_CHANNEL)
            try:
                waiter.wait(0, self._stop)  # listening before the first read: nothing falls between
                position = self._begin(position)
                if failures:
                    log.info("live_tail_back", failures=failures)
                failures = 0
                while not self._stop.is_set():
                    position = self._follow(position)
                    waiter.wait(POLL_SECONDS, self._stop)
            except (Error, sqlite3.Error, OSError) as error:
                if not failures:
                    log.warning("live_tail_lost", error=type(error).__name__)
                pause = PAUSES[min(failures, len(PAUSES) - 1)]
                failures += 1
                self._stop.wait(pause)
            except Exception as error:
                if not _from_psycopg(error):
                    log.exception("live_tail_failed")
                failures += 1
                self._stop.wait(PAUSES[-1] if failures > len(PAUSES) else PAUSES[failures - 1])
            finally:
                waiter.close()
                connection.close()

    def _begin(self, position: int | None) -> int:
        newest = last_position()
        if position is not None and position <= newest:
            return position
        self._began(newest)
        return newest

    def _follow(self, position: int) -> int:
        while not self._stop.is_set():
            events = read_events(position)
            if not events:
                return position
            self._found(events)
            position = int(events[-1].position or 0)
        return position


def _from_psycopg(error: Exception) -> bool:
    return any(kind.__module__.partition(".")[0] == "psycopg" for kind in type(error).__mro__)
