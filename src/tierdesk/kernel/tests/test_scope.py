"""A client's table cannot be read, counted, changed or asked about in nobody's name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import transaction
from django.db.models import Count, Exists, OuterRef, Prefetch, Q

from tierdesk.demo.cast import Cast
from tierdesk.domain.people.models import Client
from tierdesk.domain.tickets.commands import open_ticket
from tierdesk.domain.tickets.models import Message, Note, Ticket
from tierdesk.kernel.actors import SYSTEM
from tierdesk.kernel.scope import UnscopedRead

pytestmark = pytest.mark.django_db

WAYS: dict[str, Callable[[Any], Any]] = {
    "list": list,
    "iterate": lambda q: next(q.iterator()),
    "bool": bool,
    "len": len,
    "index": lambda q: q[0],
    "slice": lambda q: list(q[:1]),
    "count": lambda q: q.count(),
    "exists": lambda q: q.exists(),
    "contains": lambda q: q.contains(Ticket(pk=1)),
    "get": lambda q: q.get(pk=1),
    "first": lambda q: q.first(),
    "latest": lambda q: q.latest("pk"),
    "values": lambda q: list(q.values("pk")),
    "in_bulk": lambda q: q.in_bulk([1]),
    "aggregate": lambda q: q.aggregate(n=Count("pk")),
    "aggregate of a slice": lambda q: q[:5].aggregate(n=Count("pk")),
    "annotate": lambda q: list(q.annotate(n=Count("messages"))),
    "dates": lambda q: list(q.datetimes("created_at", "day")),
    "distinct": lambda q: list(q.distinct()),
    "filter": lambda q: list(q.filter(pk=1)),
    "exclude": lambda q: list(q.exclude(pk=1)),
    "update": lambda q: q.update(preview="x"),
    "filtered update": lambda q: q.filter(pk=1).update(preview="x"),
    "delete": lambda q: q.delete(),
    "raw delete": lambda q: q._raw_delete("default"),
    "get_or_create": lambda q: q.get_or_create(pk=1),
    "update_or_create": lambda q: q.update_or_create(pk=1),
    "bulk_update": lambda q: q.bulk_update([Ticket(pk=1)], ["preview"]),
    "union": lambda q: list(q.union(q)),
    "union with a scoped one": lambda q: list(Ticket.objects.unscoped("test").union(q)),
    "or with a scoped one": lambda q: list(q | Ticket.objects.scoped(Q(pk=1))),
    "scoped one or this": lambda q: list(Ticket.objects.scoped(Q(pk=1)) | q),
    "scoped one xor this": lambda q: list(Ticket.objects.scoped(Q(pk=1)) ^ q),
    "in-subquery": lambda q: list(Message.objects.unscoped("test").filter(ticket__in=q)),
    "in-subquery of a free table": lambda q: list(Client.objects.filter(pk__in=q.values("client_id"))),
    "exists-subquery": lambda q: list(Client.objects.filter(Exists(q.filter(client_id=OuterRef("pk"))))),
    "explain": lambda q: q.explain(),
}


@pytest.fixture
def ticket(cast: Cast) -> Ticket:
    return open_ticket(
        SYSTEM,
        subject="Printer",
        text="It burns",
        requester_id=cast.requester_a.pk,
        client_id=cast.acme.pk,
        channel="web",
    )


@pytest.mark.parametrize("way", WAYS)
def test_without_a_scope_it_raises(way: str, ticket: Ticket) -> None:
    with pytest.raises(UnscopedRead), transaction.atomic():
        WAYS[way](Ticket.objects.all())
    assert Ticket.objects.unscoped("test").get(pk=ticket.pk).preview == "It burns"


def test_reverse_relations_are_closed_too(ticket: Ticket) -> None:
    for closed in (ticket.messages, ticket.notes, ticket.attachments, ticket.field_values, ticket.participants):
        with pytest.raises(UnscopedRead):
            closed.count()
        with pytest.raises(UnscopedRead):
            list(closed.all())
    with pytest.raises(UnscopedRead):
        ticket.messages.update(text="x")
    with pytest.raises(UnscopedRead):
        ticket.messages.all().delete()
    assert ticket.messages.scoped(Q(client_id=ticket.client_id)).count() == 1


def test_prefetching_is_closed_until_its_queryset_is_scoped(ticket: Ticket) -> None:
    open_rows = Ticket.objects.unscoped("test")
    with pytest.raises(UnscopedRead):
        list(open_rows.prefetch_related("messages"))
    scoped = Prefetch("messages", Message.objects.scoped(Q(client_id=ticket.client_id)))
    assert [len(t.messages.all()) for t in open_rows.prefetch_related(scoped)] == [1]


def test_a_scoped_queryset_gives_what_its_condition_admits(ticket: Ticket, cast: Cast) -> None:
    own, foreign = Q(client_id=cast.acme.pk), Q(client_id=cast.bolt.pk)
    assert Ticket.objects.scoped(own).get() == ticket
    assert not Ticket.objects.scoped(foreign).exists()
    assert Ticket.objects.scoped(foreign).filter(pk=ticket.pk).update(preview="x") == 0
    assert Ticket.objects.scoped(own).filter(active=True).exclude(kind="request").count() == 1
    assert list(Ticket.objects.scoped(foreign) | Ticket.objects.scoped(own)) == [ticket]


def test_scoping_one_queryset_opens_no_other(ticket: Ticket) -> None:
    closed = Ticket.objects.all()
    closed.unscoped("test").count()
    closed.scoped(Q()).count()
    with pytest.raises(UnscopedRead):
        closed.count()
    with pytest.raises(UnscopedRead):
        Ticket.objects.count()


def test_a_reason_must_be_given() -> None:
    with pytest.raises(ValueError, match="Say why"):
        Note.objects.unscoped("  ")
