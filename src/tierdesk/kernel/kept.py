"""Small tables that every page needs, kept for two seconds in each process.

A page shows a change of theirs at most that much late. Commands and policies never read from here.
"""

import time
from collections.abc import Callable, Hashable
from typing import TypeVar

T = TypeVar("T")

SECONDS = 2.0
_kept: dict[Hashable, tuple[float, object]] = {}


def keep(name: Hashable, read: Callable[[], T]) -> T:
    """What `read` gave within the last two seconds under this name, else what it gives now."""
    found = _kept.get(name)
    if found is not None and found[0] > time.monotonic():
        return found[1]  # type: ignore[return-value]  # each name has one type
    value = read()
    _kept[name] = (time.monotonic() + SECONDS, value)
    return value


def forget() -> None:
    """Read everything anew next time."""
    _kept.clear()
