"""The cache in the database: one of many gets `add`, what has expired is gone, nothing is pickled."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.core.cache import cache

from tierdesk.kernel import cache as own
from tierdesk.kernel.clock import FrozenClock
from tierdesk.kernel.models import CacheEntry


@pytest.mark.django_db(transaction=True)
def test_of_fifty_threads_one_adds(together: Callable[..., list[Any]]) -> None:
    assert sum(together(50, lambda n: cache.add("lock", n, 60))) == 1
    assert cache.get("lock") in range(50)


@pytest.mark.django_db(transaction=True)
def test_of_many_threads_one_adds_over_what_has_expired(together: Callable[..., list[Any]], clock: FrozenClock) -> None:
    cache.set("lock", "old", 10)
    clock.advance(dt.timedelta(seconds=10))
    assert sum(together(8, lambda n: cache.add("lock", n, 60))) == 1


@pytest.mark.django_db(transaction=True)
def test_many_threads_set_one_key(together: Callable[..., list[Any]]) -> None:
    together(8, lambda n: cache.set("one", n, 60))
    assert cache.get("one") in range(8)
    assert CacheEntry.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_counting_up_loses_no_count(together: Callable[..., list[Any]]) -> None:
    """Limits are counted this way: two hundred guesses at once are two hundred."""
    cache.set("guesses", 0, 60)
    together(20, lambda _n: [cache.incr("guesses") for _ in range(10)])
    assert cache.get("guesses") == 200


@pytest.mark.django_db
def test_counting_what_is_not_there_is_refused_and_time_left_stays(clock: FrozenClock) -> None:
    with pytest.raises(ValueError, match="guesses"):
        cache.incr("guesses")
    cache.set("guesses", 1, 60)
    assert (cache.incr("guesses", 4), cache.decr("guesses", 2)) == (5, 3)
    clock.advance(dt.timedelta(seconds=60))
    with pytest.raises(ValueError, match="guesses"):
        cache.incr("guesses")


@pytest.mark.django_db
def test_an_entry_ends_with_its_time(clock: FrozenClock) -> None:
    cache.set("a", {"n": [1, None, "ü"]}, 60)
    cache.set("for ever", 1, None)
    assert cache.get("a") == {"n": [1, None, "ü"]}
    clock.advance(dt.timedelta(seconds=30))
    assert cache.touch("a", 60)
    clock.advance(dt.timedelta(seconds=59))
    assert cache.get("a") is not None
    clock.advance(dt.timedelta(seconds=1))
    assert cache.get("a", "gone") == "gone"
    assert not cache.touch("a", 60)
    assert own.sweep() == 1
    assert cache.get("for ever") == 1
    assert cache.delete("for ever")
    assert not cache.delete("for ever")
    cache.set("b", 1)
    cache.clear()
    assert not CacheEntry.objects.exists()


@pytest.mark.django_db
def test_only_what_json_can_say_is_kept() -> None:
    with pytest.raises(TypeError):
        cache.set("a", object())
