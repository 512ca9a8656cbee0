"""Ids rise strictly within a process, whatever its clock does, and tell when they were made."""

import datetime as dt
import itertools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tierdesk.kernel import ids

NOW_MS = 1_770_000_000_000


class Hand:
    """A clock whose hand a test sets."""

    def __init__(self, at_ms: int) -> None:
        self.at_ms = at_ms

    def time_ns(self) -> int:
        return self.at_ms * 1_000_000


@pytest.fixture
def hand(monkeypatch: pytest.MonkeyPatch) -> Hand:
    made = Hand(NOW_MS)
    monkeypatch.setattr(ids, "time", made)
    return made


def test_ids_rise_strictly_within_one_millisecond(hand: Hand) -> None:
    source = ids.IdSource()
    made = [source.make() for _ in range(5_000)]
    assert all(a < b for a, b in itertools.pairwise(made))


@given(steps=st.lists(st.integers(-3_600_000, 3_600_000), min_size=1, max_size=40))
def test_ids_rise_strictly_though_the_clock_steps_back(steps: list[int]) -> None:
    source, hand = ids.IdSource(), Hand(NOW_MS)
    made = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ids, "time", hand)
        for step in steps:
            hand.at_ms += step
            made += [source.make(), source.make()]
    assert all(a < b for a, b in itertools.pairwise(made))
    assert all(0 < one < 2**63 for one in made)


def test_threads_never_get_the_same_id() -> None:
    source = ids.IdSource()
    make: Callable[[int], list[int]] = lambda _n: [source.make() for _ in range(2_000)]  # noqa: E731
    with ThreadPoolExecutor(8) as pool:
        made = [one for part in pool.map(make, range(8)) for one in part]
    assert len(set(made)) == len(made) == 16_000


def test_an_id_tells_its_millisecond_and_stands_above_its_floor(hand: Hand) -> None:
    one = ids.IdSource().make()
    assert ids.moment_of(one) == dt.datetime.fromtimestamp(NOW_MS / 1000, dt.UTC)
    assert ids.id_floor(NOW_MS) <= one < ids.id_floor(NOW_MS + 1)
    assert ids.id_floor(0) == 0
