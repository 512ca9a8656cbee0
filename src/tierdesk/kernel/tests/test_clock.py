"""The present moment: aware, in UTC, and held for every thread of a test."""

import datetime as dt
import threading

import pytest

from tierdesk.kernel import clock


def test_now_is_aware_and_in_utc() -> None:
    assert clock.now().utcoffset() == dt.timedelta(0)


def test_a_frozen_clock_stands_still_and_moves_both_ways() -> None:
    with clock.frozen(dt.datetime(2026, 3, 2, 10, tzinfo=dt.timezone(dt.timedelta(hours=9)))) as held:
        assert clock.now() == dt.datetime(2026, 3, 2, 1, tzinfo=dt.UTC)
        held.advance(dt.timedelta(hours=1))
        assert clock.now().hour == 2
        held.advance(dt.timedelta(hours=-2))
        assert clock.now().hour == 0
    assert clock.now().year != 2026 or abs(clock.now() - dt.datetime.now(dt.UTC)) < dt.timedelta(seconds=5)


def test_other_threads_see_the_frozen_moment() -> None:
    seen: list[dt.datetime] = []
    with clock.frozen(dt.datetime(2026, 3, 2, tzinfo=dt.UTC)) as held:
        thread = threading.Thread(target=lambda: seen.append(clock.now()))
        thread.start()
        thread.join()
    assert seen == [held.moment]


def test_the_inner_freeze_wins_and_ends() -> None:
    outer, inner = dt.datetime(2026, 1, 1, tzinfo=dt.UTC), dt.datetime(2027, 1, 1, tzinfo=dt.UTC)
    with clock.frozen(outer):
        with clock.frozen(inner):
            assert clock.now() == inner
        assert clock.now() == outer


def test_a_moment_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"), clock.frozen(dt.datetime(2026, 1, 1)):  # noqa: DTZ001
        pass
