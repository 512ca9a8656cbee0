"""The only source of the present moment. Tests freeze it; nothing else in the product asks the system."""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

UTC = dt.UTC


class FrozenClock:
    """A clock that stands still until it is told to advance."""

    def __init__(self, moment: dt.datetime) -> None:
        if moment.tzinfo is None:
            raise ValueError("A frozen moment needs a time zone.")
        self.moment = moment.astimezone(UTC)

    def advance(self, step: dt.timedelta) -> None:
        """Move the clock on by `step`; moving backwards is allowed, since real clocks do it too."""
        self.moment += step


_frozen: ContextVar[FrozenClock | None] = ContextVar("tierdesk_frozen_clock", default=None)
_everywhere: list[FrozenClock] = []


def now() -> dt.datetime:
    """The present moment, aware, in UTC."""
    frozen = _frozen.get() or (_everywhere[-1] if _everywhere else None)
    return frozen.moment if frozen else dt.datetime.now(UTC)


@contextmanager
def frozen(moment: dt.datetime) -> Iterator[FrozenClock]:
    """Freeze the clock for every thread of this process until the block ends."""
    clock = FrozenClock(moment)
    token = _frozen.set(clock)
    _everywhere.append(clock)
    try:
        yield clock
    finally:
        _everywhere.remove(clock)
        _frozen.reset(token)
