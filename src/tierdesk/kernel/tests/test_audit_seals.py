"""Seals: whoever alters the record is found; whoever is forgotten is not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from tierdesk.kernel import audit, worker
from tierdesk.kernel.models import Event, Seal

pytestmark = pytest.mark.django_db


@pytest.fixture
def sealed(probe: Any) -> list[Event]:
    """Eight events under seals of at most three."""
    for n in range(8):
        probe.touched(thing_id=n, word=f"слово {n}")
    worker.dispatch()
    assert audit.unsealed() == 8
    assert audit.seal(batch=3) == 3
    return list(Event.objects.order_by("position"))


def test_an_untouched_record_agrees_with_itself(sealed: list[Event]) -> None:
    assert audit.verify() == []
    assert audit.unsealed() == 0
    assert audit.seal() == 0
    assert [(s.first_position, s.last_position) for s in Seal.objects.order_by("last_position")] == [
        (1, 3),
        (4, 6),
        (7, 8),
    ]


TAMPERING: dict[str, Callable[[Event], Any]] = {
    "data": lambda e: Event.objects.filter(pk=e.pk).update(data={"word": "other"}),
    "actor": lambda e: Event.objects.filter(pk=e.pk).update(actor_person_id=99),
    "client": lambda e: Event.objects.filter(pk=e.pk).update(client_id=2),
    "name": lambda e: Event.objects.filter(pk=e.pk).update(name="SomethingElse"),
    "time": lambda e: Event.objects.filter(pk=e.pk).update(at=e.at.replace(year=2020)),
    "salt": lambda e: Event.objects.filter(pk=e.pk).update(salt=b"0" * 16),
    "digest": lambda e: Event.objects.filter(pk=e.pk).update(digest=b"0" * 32),
    "removed": lambda e: e.delete(),
}


@pytest.mark.parametrize("way", TAMPERING)
@pytest.mark.parametrize("position", [1, 3, 5, 8])
def test_one_altered_event_is_found(way: str, position: int, sealed: list[Event]) -> None:
    TAMPERING[way](sealed[position - 1])
    found = audit.verify()
    assert found
    assert all(abs(finding.position - position) <= 3 for finding in found)


def test_an_altered_event_with_a_digest_made_to_fit_breaks_its_seal(sealed: list[Event]) -> None:
    event = sealed[4]
    event.data = {"word": "other"}
    event.digest = audit.digest_of(event)
    event.save()
    assert [finding.what for finding in audit.verify()] == ["seal broken"]


def test_a_removed_or_altered_seal_is_found(sealed: list[Event]) -> None:
    Seal.objects.filter(first_position=4).delete()
    assert audit.verify()


def test_a_forgotten_person_breaks_nothing(sealed: list[Event]) -> None:
    Event.objects.filter(pk=sealed[4].pk).update(salt=None, data={}, actor_person_id=None)
    assert audit.verify() == []


def test_an_event_that_kept_its_words_cannot_hide_behind_an_emptied_salt(sealed: list[Event]) -> None:
    Event.objects.filter(pk=sealed[4].pk).update(salt=None, data={"word": "other"})
    assert [(finding.position, finding.what) for finding in audit.verify()] == [(5, "altered")]


def test_the_digest_survives_the_database(sealed: list[Event]) -> None:
    assert connection.vendor in {"sqlite", "postgresql"}
    assert all(audit.digest_of(Event.objects.get(pk=e.pk)) == bytes(e.digest or b"") for e in sealed)
