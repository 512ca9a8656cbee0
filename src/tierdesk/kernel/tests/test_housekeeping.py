"""What the kernel does by the clock, when its time has come."""

import datetime as dt
import os

import pytest
from django.core.cache import caches

from tierdesk.domain.people import commands as people
from tierdesk.kernel import audit, files, worker
from tierdesk.kernel.actors import SYSTEM
from tierdesk.kernel.models import CacheEntry, Event, Schedule, Seal

pytestmark = pytest.mark.django_db

DAY = dt.timedelta(days=1)


def test_what_happened_comes_under_a_seal(clock):
    people.ensure_defaults(SYSTEM)
    worker.dispatch()
    assert audit.unsealed() > 0
    worker.run_due_schedules("w")
    assert audit.unsealed() == 0
    assert audit.verify() == []


def test_the_last_seals_are_verified_alone_and_still_tell(clock):
    for round_ in range(4):
        people.create_person(SYSTEM, name=f"Somebody {round_}")
        worker.dispatch()
        audit.seal()
    assert Seal.objects.count() == 4
    assert audit.verify(2) == audit.verify(9) == audit.verify(0) == []
    latest = Event.objects.order_by("-position").first()
    Event.objects.filter(pk=latest.pk).update(command="something_else")
    assert [finding.what for finding in audit.verify(2)] == ["altered"]
    Event.objects.filter(pk=latest.pk).update(command=latest.command)
    first = Event.objects.order_by("position").first()
    Event.objects.filter(pk=first.pk).update(command="something_else")
    assert audit.verify(2) == []
    assert len(audit.verify()) == 1


def test_a_file_that_nothing_names_goes_after_a_day_and_a_named_one_stays(clock):
    named = files.store(b"kept")
    orphan = files.path_of(files.write(b"left behind").key)
    fresh = files.path_of(files.write(b"about to be named").key)
    yesterday = (clock.moment - 2 * DAY).timestamp()
    os.utime(orphan, (yesterday, yesterday))
    os.utime(files.path_of(named.key), (yesterday, yesterday))
    os.utime(fresh, (clock.moment.timestamp(), clock.moment.timestamp()))
    worker.run_due_schedules("w")
    assert not orphan.exists()
    assert fresh.exists()
    assert files.read(named) == b"kept"
    fresh.unlink()


def test_expired_values_go(clock):
    caches["default"].set("short", 1, timeout=60)
    caches["default"].set("long", 1, timeout=7200)
    clock.advance(dt.timedelta(minutes=30))
    worker.run_due_schedules("w")
    assert CacheEntry.objects.count() == 1


def test_a_row_without_its_bytes_is_missing(clock):
    whole, gone, cut = files.store(b"whole"), files.store(b"gone"), files.store(b"cut short")
    files.path_of(gone.key).unlink()
    files.path_of(cut.key).write_bytes(b"cut")
    assert list(files.missing()) == [gone, cut]
    assert files.read(whole) == b"whole"


def test_each_has_its_time():
    worker.run_due_schedules("w")
    names = set(Schedule.objects.values_list("name", flat=True))
    assert {"kernel.seal-audit", "kernel.sweep-files", "kernel.sweep-cache"} <= names
    assert not Schedule.objects.exclude(last_error="").exists()
