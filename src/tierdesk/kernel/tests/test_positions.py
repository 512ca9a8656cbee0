"""Positions of events: without gaps, rising, and never lower than one that a reader has already passed."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection, transaction

from tierdesk.kernel import worker
from tierdesk.kernel.models import Event, Job


def _positions() -> list[int | None]:
    return list(Event.objects.order_by("position").values_list("position", flat=True))


@pytest.mark.django_db
def test_positions_rise_without_gaps_in_order_of_ids(probe: Any) -> None:
    made = [probe.touched(thing_id=n).pk for n in range(7)]
    assert worker.dispatch(limit=3) == 3
    assert worker.dispatch(limit=3) == 3
    assert worker.dispatch() == 1
    assert worker.dispatch() == 0
    assert list(Event.objects.order_by("position").values_list("pk", "position")) == [
        (pk, n) for n, pk in enumerate(made, start=1)
    ]
    assert all(event.salt and event.digest for event in Event.objects.all())


@pytest.mark.django_db(transaction=True)
def test_dispatchers_side_by_side_make_one_gapless_row_and_one_job_each(
    probe: Any, together: Callable[..., list[Any]]
) -> None:
    probe.reaction(lambda event: None)
    for n in range(60):
        probe.touched(thing_id=n)

    def work(_number: int) -> int:
        done = 0
        while given := worker.dispatch(limit=7):
            done += given
        return done

    assert sum(together(4, work)) == 60
    assert _positions() == list(range(1, 61))
    assert Job.objects.count() == 60


@pytest.mark.django_db(transaction=True)
def test_an_event_committed_late_gets_a_later_position(probe: Any) -> None:
    """Its id is lower; whoever read on meanwhile still meets it."""
    if connection.vendor == "sqlite":
        pytest.skip("SQLite has one writer: what began first is committed first")
    written, go_on = threading.Event(), threading.Event()
    late: list[int] = []

    def slow() -> None:
        try:
            with transaction.atomic():
                late.append(probe.touched(thing_id=1).pk)
                written.set()
                go_on.wait(30)
        finally:
            connection.close()

    thread = threading.Thread(target=slow)
    thread.start()
    assert written.wait(30)
    early = probe.touched(thing_id=2).pk
    assert early > late[0]
    assert worker.dispatch() == 1
    go_on.set()
    thread.join(30)
    assert worker.dispatch() == 1
    assert list(Event.objects.order_by("position").values_list("pk", flat=True)) == [early, late[0]]
    assert _positions() == [1, 2]
