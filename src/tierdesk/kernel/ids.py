"""Sortable identifiers, made before the row that they name is inserted."""

import datetime as dt
import secrets
import threading
import time

EPOCH_MS = 1_735_689_600_000  # 2025-01-01T00:00:00Z
LOW_BITS = 22


class IdSource:
    """Makes 63-bit integers: 41 bits of milliseconds since 2025, then 22 bits that start at random in each millisecond.

    Within one process they rise strictly. Two processes can meet in one millisecond with a chance of one in four
    million; the primary key refuses the second, and the command is run again (see `commands`).
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last = 0

    def make(self) -> int:
        """The next identifier; greater than every one this source made before, even when the clock steps back."""
        stamp = (time.time_ns() // 1_000_000 - EPOCH_MS) << LOW_BITS
        with self._lock:
            if stamp >> LOW_BITS > self._last >> LOW_BITS:
                self._last = stamp | secrets.randbits(LOW_BITS - 2)
            else:
                self._last += 1
            return self._last


_source = IdSource()


def new_id() -> int:
    """The next identifier of this process."""
    return _source.make()


def id_floor(at_ms: int) -> int:
    """The smallest identifier that could have been made at `at_ms` (milliseconds since 1970)."""
    return max(0, at_ms - EPOCH_MS) << LOW_BITS


def moment_of(row_id: int) -> dt.datetime:
    """When an identifier was made, to the millisecond."""
    return dt.datetime.fromtimestamp(((row_id >> LOW_BITS) + EPOCH_MS) / 1000, dt.UTC)
